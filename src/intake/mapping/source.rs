//! What templates yield for one alert: the values at their paths, after the value mapping.

use serde_json::{Map, Value};

use super::ValueMapping;
use super::template::{self, Part};
use crate::error::ApiError;
use crate::intake::bounded::Bounded;
use crate::intake::fields::{LABEL_NAME_CHARS, LABEL_VALUE_CHARS, cut, plain_text};

/// The most characters that a template yields; no field of an alert keeps more.
const TEXT_CHARS: usize = LABEL_VALUE_CHARS;

/// One alert of a push, seen through a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The alert.
    pub alert: &'a Map<String, Value>,
    /// What is used in place of its values.
    pub value_mapping: &'a ValueMapping,
}

/// The value that a variable yields.
pub enum Found<'a> {
    /// What the value mapping has in place of what is there.
    Mapped(&'a str),
    /// What is there.
    Given(&'a Value),
}

impl<'a> Source<'a> {
    /// The text that the template of `field` yields, at most 2048 characters, or `Null` where it is exactly one variable
    /// and that is `null`: senders mean "absent" by it. Within a text a `null` is nothing; objects and arrays are their
    /// compact JSON.
    ///
    /// # Errors
    /// `InvalidParameter` for `field`, where a variable does not resolve or it is not a template.
    pub fn text(&self, field: &str, template: &Value) -> Result<Value, ApiError> {
        let parts = read(field, template)?;
        let mut text = Bounded::new(TEXT_CHARS);
        for part in &parts {
            match part {
                Part::Text(literal) => text.push(literal),
                Part::Variable(path) => match self.found(field, path)? {
                    Found::Given(Value::Null) if parts.len() == 1 => return Ok(Value::Null),
                    Found::Given(value) => push(&mut text, value),
                    Found::Mapped(value) => text.push(value),
                },
            }
        }
        Ok(Value::String(text.into_text()))
    }

    /// The value that the template of `field` yields, which is exactly one variable, with its JSON type.
    ///
    /// # Errors
    /// `InvalidParameter` for `field`, where the variable does not resolve or it is not such a template.
    pub fn value(&self, field: &str, template: &Value) -> Result<Value, ApiError> {
        let [Part::Variable(path)] = read(field, template)?[..] else {
            return Err(ApiError::invalid(field, "the template must be one variable"));
        };
        Ok(match self.found(field, path)? {
            Found::Given(value) => value.clone(),
            Found::Mapped(value) => Value::String(value.to_owned()),
        })
    }

    fn found(&self, field: &str, path: &str) -> Result<Found<'a>, ApiError> {
        found(self.alert, self.value_mapping, path).ok_or_else(|| {
            let path = cut(path.trim(), LABEL_NAME_CHARS);
            ApiError::invalid(field, &format!("the variable '{path}' does not resolve"))
        })
    }
}

/// What the variable with a path yields; `None` where the path leads nowhere.
pub fn found<'a>(alert: &'a Map<String, Value>, values: &'a ValueMapping, path: &str) -> Option<Found<'a>> {
    let path = path.trim();
    let value = template::find(alert, path)?;
    let mapped = values.get(path).and_then(|mapped| match value {
        Value::String(text) => mapped.get(text),
        other => mapped.get(&plain_text(other)?),
    });
    Some(mapped.map_or(Found::Given(value), |value| Found::Mapped(value)))
}

/// A child of an object that becomes the labels: a text, or `Null` where there is none.
pub fn flat(value: Value) -> Value {
    if value.is_null() {
        return value;
    }
    let mut text = Bounded::new(TEXT_CHARS);
    push(&mut text, &value);
    Value::String(text.into_text())
}

fn push(text: &mut Bounded, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(value) => text.push(value),
        value => text.push_json(value),
    }
}

fn read<'a>(field: &str, template: &'a Value) -> Result<Vec<Part<'a>>, ApiError> {
    template::read(template).map_err(|problem| ApiError::invalid(field, &format!("the template {problem}")))
}
