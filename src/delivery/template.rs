//! Custom bodies: a JSON template that a subscription has in place of the default payload (Flashduty, "Incident
//! Webhook", custom request body).
//!
//! A text that is exactly one variable, such as `"{{incident.labels}}"`, becomes the value at that path of the payload,
//! with its type; within other text a value is put as text. A path that leads nowhere is left as it is written.

use serde_json::Value;

use crate::intake::mapping::ValueMapping;
use crate::intake::mapping::source::{Found, found};
use crate::intake::mapping::template::{Part, parts};

/// The longest template, bytes.
pub const TEMPLATE_BYTES: usize = 64 * 1024;
/// The longest body that a template yields, bytes.
pub const BODY_BYTES: usize = 1024 * 1024;
/// The most levels of a template.
const LEVELS: usize = 32;

/// A template that can be followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Value);

impl Template {
    /// Reads a template, as the configuration holds it.
    ///
    /// # Errors
    /// What is wrong, with the place in the template: it is too long, no JSON or nested too deep, or a variable has no
    /// end or no path.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > TEMPLATE_BYTES {
            return Err(format!(": must have at most {TEMPLATE_BYTES} bytes, has {}", text.len()));
        }
        let template = serde_json::from_slice(text.as_bytes()).map_err(|error| format!(": must be JSON: {error}"))?;
        check(&template, LEVELS)?;
        Ok(Self(template))
    }

    /// The body that it yields for a default payload. Where its values together would make the body longer than
    /// [`BODY_BYTES`], the variables from there on are left as they are written.
    pub fn body(&self, payload: &[u8], values: &ValueMapping) -> Vec<u8> {
        // The payload is JSON: this program wrote it.
        let payload = serde_json::from_slice(payload).unwrap_or_default();
        let room = BODY_BYTES.saturating_sub(length(&self.0));
        let body = Filling { payload: &payload, values, room }.fill(&self.0);
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// Refuses what is nested too deep, and malformed variables.
fn check(template: &Value, levels: usize) -> Result<(), String> {
    match template {
        Value::Array(_) | Value::Object(_) if levels == 0 => Err(format!(": must have at most {LEVELS} levels")),
        Value::String(text) => parts(text).map(|_| ()).map_err(|problem| format!(": {problem}")),
        Value::Array(items) => (0..).zip(items).try_for_each(|(nth, item): (usize, _)| {
            check(item, levels - 1).map_err(|problem| format!(".{nth}{problem}"))
        }),
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(name, field)| check(field, levels - 1).map_err(|problem| format!(".{name}{problem}"))),
        _ => Ok(()),
    }
}

/// How long the JSON of a value is, bytes.
fn length(value: &Value) -> usize {
    // Plain data with text keys: serialising it into memory has no way to fail.
    serde_json::to_vec(value).map_or(0, |bytes| bytes.len())
}

/// A template that is being filled.
struct Filling<'a> {
    payload: &'a Value,
    values: &'a ValueMapping,
    /// For so many bytes there is room.
    room: usize,
}

impl Filling<'_> {
    fn fill(&mut self, template: &Value) -> Value {
        match template {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, field)| (name.clone(), self.fill(field))).collect())
            }
            other => other.clone(),
        }
    }

    fn text(&mut self, template: &str) -> Value {
        let parts = parts(template).unwrap_or_default();
        if let [Part::Variable(path)] = parts[..] {
            return self.value(path, 1).unwrap_or_else(|| template.into());
        }
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                // JSON that is put into a text may take twice as much there.
                Part::Variable(path) => match self.value(path, 2) {
                    Some(Value::String(value)) => text.push_str(&value),
                    // What people leave empty is nothing in a sentence.
                    Some(Value::Null) => {}
                    Some(value) => text.push_str(&value.to_string()),
                    None => text.extend(["{{", path, "}}"]),
                },
            }
        }
        text.into()
    }

    /// What a variable yields; `None` where its path leads nowhere, or there is no room for `times` its length.
    fn value(&mut self, path: &str, times: usize) -> Option<Value> {
        let value = match found(self.payload.as_object()?, self.values, path)? {
            Found::Mapped(text) => text.into(),
            Found::Given(value) if self.room > 0 => value.clone(),
            Found::Given(_) => return None,
        };
        let room = self.room.checked_sub(length(&value).saturating_mul(times));
        self.room = room.unwrap_or(0);
        room.map(|_| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(template: &Value, payload: &Value, values: &Value) -> Value {
        let values = crate::json::from_value(values.clone()).expect("a value mapping");
        let body = Template::read(&template.to_string()).expect("a template").body(&to_vec(payload), &values);
        serde_json::from_slice(&body).expect("JSON")
    }

    fn to_vec(value: &Value) -> Vec<u8> {
        serde_json::to_vec(value).expect("plain data")
    }

    #[test]
    fn one_variable_keeps_its_type_and_others_become_text() {
        let payload = json!({"a": {"n": 7, "list": [true, {"x": "y"}], "none": null}, "t": "text"});
        let template = json!(["{{a.n}}", "{{a.list}}", "{{a.list.1.x}}", "{{a.none}}", "{{t}}", {"k": ["{{t}}!"]}]);
        let expected = json!([7, [true, {"x": "y"}], "y", null, "text", {"k": ["text!"]}]);
        assert_eq!(filled(&template, &payload, &json!({})), expected);
        let joined = json!("{{a.n}}{{a.n}} {{a.list}}{{a.none}} {{t}}");
        assert_eq!(filled(&joined, &payload, &json!({})), r#"77 [true,{"x":"y"}] text"#);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_left_as_it_is_written() {
        let template = json!(["{{b}}", "{{ a.9 }}", "x {{ a.b }} y", "{{a.0}}", "}} {x}", ""]);
        let expected = json!(["{{b}}", "{{ a.9 }}", "x {{ a.b }} y", 1, "}} {x}", ""]);
        assert_eq!(filled(&template, &json!({"a": [1]}), &json!({})), expected);
    }

    #[test]
    fn a_listed_value_is_replaced_by_a_text_and_any_other_passes() {
        let values =
            json!({"s": {"high": "P1", "": "empty"}, "n": {"7": "seven"}, "b": {"true": "yes"}, "o": {"": "x"}});
        let payload = json!({"s": "high", "n": 7, "b": true, "o": {}});
        let template = json!(["{{s}}", "{{ s }}!", "{{n}}", "{{b}}", "{{o}}"]);
        assert_eq!(filled(&template, &payload, &values), json!(["P1", "P1!", "seven", "yes", {}]));
        let payload = json!({"s": "", "n": 8, "b": false, "o": null});
        assert_eq!(filled(&template, &payload, &values), json!(["empty", "empty!", 8, false, "x"]));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_its_place() {
        let refused = |text: &str| Template::read(text).expect_err("refused");
        assert!(refused("{").starts_with(": must be JSON: EOF"));
        assert_eq!(refused(r#"{"a": ["x", "{{b"]}"#), ".a.1: has a '{{' without '}}'");
        assert_eq!(refused(r#""{{a{b}}""#), ": has a variable with a brace in it");
        assert_eq!(refused(&format!("\"{}\"", "x".repeat(65_535))), ": must have at most 65536 bytes, has 65537");
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Template::read(&nested(32)).is_ok() && refused(&nested(33)).ends_with(": must have at most 32 levels"));
        assert!(refused(&nested(5000)).starts_with(": must be JSON"));
    }

    #[test]
    fn a_body_stays_below_its_limit_and_is_the_same_each_time() {
        let (large, small) = ("\u{1}".repeat(60_000), "s");
        let payload = to_vec(&json!({"large": large, "small": small}));
        let template = json!(vec!["{{large}}"; 6].into_iter().chain(["{{small}}"]).collect::<Vec<_>>()).to_string();
        let template = Template::read(&template).expect("a template");
        let body = template.body(&payload, &ValueMapping::default());
        assert!(body.len() <= BODY_BYTES, "{}", body.len());
        let body: Vec<String> = serde_json::from_slice(&body).expect("texts");
        // Two of 360 000 bytes have room; nothing has after the first that has none.
        assert_eq!(body, [large.as_str(), &large, "{{large}}", "{{large}}", "{{large}}", "{{large}}", "{{small}}"]);
        let in_text = Template::read(&json!(["-{{large}}", "-{{large}}"]).to_string()).expect("a template");
        assert!(in_text.body(&payload, &ValueMapping::default()).len() <= BODY_BYTES);
    }

    /// Numbers are written longer than they may be given.
    #[test]
    fn the_longest_template_has_room() {
        let numbers = vec!["1e15"; TEMPLATE_BYTES / 5 - 1].join(",");
        let template = Template::read(&format!("[{numbers}]")).expect("a template");
        assert!(template.body(b"{}", &ValueMapping::default()).len() <= BODY_BYTES);
    }
}
