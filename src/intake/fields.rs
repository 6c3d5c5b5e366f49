//! Fields of a sender's JSON, and the protocol's limits. Lengths are counted in Unicode scalar values.

use crate::sorted::SortedMap;

use serde_json::{Map, Value};

use crate::error::ApiError;

/// A title or a title rule; longer ones are cut.
pub const TITLE_CHARS: usize = 512;
/// A description; longer ones are cut.
pub const DESCRIPTION_CHARS: usize = 2048;
/// An alert key.
pub const ALERT_KEY_CHARS: usize = 255;
/// Labels of an alert; the last ones in the order of their names are left out.
pub const LABELS: usize = 50;
/// A label's name; longer ones are cut.
pub const LABEL_NAME_CHARS: usize = 128;
/// A label's value; longer ones are cut.
pub const LABEL_VALUE_CHARS: usize = 2048;
/// An image's `src` (with a longer one the image is discarded) and `href` (cut).
pub const IMAGE_URL_CHARS: usize = 256;
/// An image's `alt`; longer ones are cut.
pub const IMAGE_ALT_CHARS: usize = 128;

/// A text field; `null` counts as absent.
///
/// # Errors
/// `InvalidParameter` for any other type.
pub fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::invalid(name, "must be a text")),
    }
}

/// The first `chars` characters.
pub fn cut(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A value as the text of a label: texts as they are, numbers and booleans as their JSON text, `null` as nothing.
/// `None` for arrays and objects.
pub fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Labels within the limits: names and values cut, those beyond the limit in the order of their names left out.
pub fn limited(labels: impl IntoIterator<Item = (String, String)>) -> SortedMap<String, String> {
    let mut kept = SortedMap::new();
    for (name, value) in labels {
        kept.insert(cut(&name, LABEL_NAME_CHARS).to_owned(), cut(&value, LABEL_VALUE_CHARS).to_owned());
    }
    while kept.len() > LABELS {
        kept.pop_last();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_cut_by_characters_not_bytes() {
        assert_eq!(cut("éàü", 2), "éà");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn numbers_and_booleans_are_taken_as_their_text() {
        let texts: Vec<_> =
            [json!("a"), json!(97.2), json!(true), json!(null), json!([1])].iter().map(plain_text).collect();
        assert_eq!(texts, [Some("a".into()), Some("97.2".into()), Some("true".into()), Some(String::new()), None]);
    }

    #[test]
    fn labels_beyond_the_limit_are_left_out_in_the_order_of_their_names() {
        let labels = limited((0..60).rev().map(|nth| (format!("l{nth:02}"), "v".repeat(3000))));
        assert_eq!(labels.len(), LABELS);
        assert!(labels.contains_key("l49") && !labels.contains_key("l50"));
        assert!(labels.values().all(|value| value.len() == LABEL_VALUE_CHARS));
    }
}
