//! People: who handles incidents and whose keys act; and the custom fields that they fill in.

use serde::Deserialize;
use serde_json::Value;

/// The most custom fields.
pub(super) const FIELDS: usize = 15;
/// The most options of a field.
const OPTIONS: usize = 20;
/// The most characters in a text.
const TEXT_CHARS: usize = 3000;

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// `person_id`, positive.
    pub id: i64,
    /// `person_name`.
    pub name: String,
    /// `email`.
    #[serde(default)]
    pub email: String,
}

/// A custom field of incidents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// `field_name`: a letter or '_', then letters, digits and '_', at most 40.
    pub name: String,
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// What can be chosen, at most 20.
    #[serde(default)]
    pub options: Vec<String>,
}

/// What values a custom field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A text, at most 3000 characters.
    Text,
    /// One of the options.
    SingleSelect,
    /// Several of them.
    MultiSelect,
    /// Yes or no.
    Checkbox,
}

impl Field {
    /// Refuses a definition that cannot be followed.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut bytes = self.name.bytes();
        let begins = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if !begins || self.name.len() > 40 || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err("name: must be a letter or '_', then letters, digits and '_', at most 40".to_owned());
        }
        let selects = matches!(self.kind, FieldKind::SingleSelect | FieldKind::MultiSelect);
        match (selects, self.options.len()) {
            (true, 1..=OPTIONS) | (false, 0) => Ok(()),
            (true, _) => Err("options: must be 1 to 20".to_owned()),
            (false, _) => Err("options: only a selection has any".to_owned()),
        }
    }

    /// Whether a value is one that it takes; `null` empties it.
    ///
    /// # Errors
    /// What it must be.
    pub fn takes(&self, value: &Value) -> Result<(), &'static str> {
        let is_option = |value: &Value| value.as_str().is_some_and(|text| self.options.iter().any(|o| o == text));
        let (takes, what) = match self.kind {
            _ if value.is_null() => (true, ""),
            FieldKind::Text => {
                let fits = value.as_str().is_some_and(|text| text.chars().count() <= TEXT_CHARS);
                (fits, "must be a text of at most 3000 characters")
            }
            FieldKind::SingleSelect => (is_option(value), "must be one of the options"),
            FieldKind::MultiSelect => {
                let all =
                    value.as_array().is_some_and(|values| values.len() <= OPTIONS && values.iter().all(is_option));
                (all, "must be a list of options")
            }
            FieldKind::Checkbox => (value.is_boolean(), "must be true or false"),
        };
        if takes { Ok(()) } else { Err(what) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(kind: FieldKind, options: &[&str]) -> Field {
        Field { name: "f".into(), kind, options: options.iter().map(|o| (*o).to_owned()).collect() }
    }

    #[test]
    fn a_field_takes_values_of_its_kind_and_none() {
        let cases = [
            (field(FieldKind::Text, &[]), json!("x"), json!(1)),
            (field(FieldKind::Text, &[]), json!("x".repeat(3000)), json!("x".repeat(3001))),
            (field(FieldKind::SingleSelect, &["a", "b"]), json!("b"), json!("c")),
            (field(FieldKind::MultiSelect, &["a", "b"]), json!(["a", "b"]), json!(["a", "c"])),
            (field(FieldKind::Checkbox, &[]), json!(true), json!("true")),
        ];
        for (field, right, wrong) in cases {
            assert_eq!(field.check(), Ok(()));
            assert!(field.takes(&right).is_ok() && field.takes(&json!(null)).is_ok());
            assert!(field.takes(&wrong).is_err(), "{field:?}");
        }
    }

    #[test]
    fn a_definition_that_cannot_be_followed_is_refused() {
        for name in ["", "1a", "a-b", "é", &"a".repeat(41)] {
            assert!(Field { name: name.to_owned(), ..field(FieldKind::Text, &[]) }.check().is_err(), "{name}");
        }
        assert!(Field { name: "_".to_owned(), ..field(FieldKind::Text, &[]) }.check().is_ok());
        assert!(field(FieldKind::SingleSelect, &[]).check().is_err());
        assert!(field(FieldKind::MultiSelect, &["x"; 21]).check().is_err());
        assert!(field(FieldKind::Checkbox, &["x"]).check().is_err());
    }
}
