//! Field and value mapping: how an integration reads bodies of a foreign shape (Flashduty, "Standard Alert
//! Integration", field mapping).
//!
//! A mapped alert is put into the shape of the standard push and read by the same reader, so that limits, types and
//! errors are the same. What the mapping does not name is not looked at, also where the body uses the standard names.

pub mod check;
pub mod source;
pub mod template;

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::source::Source;
use super::Status;
use super::fields::{LABEL_NAME_CHARS, LABELS, cut};
use crate::door::{Drafts, read_alert, read_each};
use crate::error::ApiError;

/// What may be mapped to as a text.
const TEXTS: [&str; 5] = ["title", "title_rule", "description", "event_status", "alert_key"];
/// What an image consists of.
const IMAGE: [&str; 3] = ["src", "alt", "href"];
/// The most entries of a mapping of labels or images.
const ENTRIES: usize = LABELS;
/// How much of a value that is refused is shown, in characters.
const SHOWN_CHARS: usize = 64;

/// Path → value there, as a text → what is used in its place.
pub type ValueMapping = SortedMap<String, SortedMap<String, String>>;

/// A mapping, as the configuration of an integration holds it.
///
/// A template is a text with variables: `{{a.b.c}}` is the value at this path of the alert. A level of a path is the
/// name in an object or the place in an array, from 0; a name with a dot in it cannot be reached, and a text cannot have
/// `{{` in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Target → template. `title`, `title_rule`, `description`, `event_status` and `alert_key` are texts. `labels` is
    /// one variable that names an object, or an object of label → template; `images` one variable that names an array,
    /// or an array of objects of templates.
    pub field_mapping: SortedMap<String, Value>,
    /// Path → value there, as a text → what is used in its place. Values that are not listed stay as they are.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    pub value_mapping: ValueMapping,
}

impl Mapping {
    /// Refuses a mapping by which no alert can be read. The text names the field and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        check::check(self)
    }

    /// Reads the body of a push: any JSON object, or an array of 1 to 100. One alert that cannot be read does not keep
    /// the others out.
    ///
    /// # Errors
    /// `InvalidParameter` where the body is neither. For one alert, naming the field: a variable that does not resolve,
    /// an `event_status` that is none of the four, and what the standard push refuses.
    pub fn read(&self, body: &Value) -> Result<Drafts, ApiError> {
        read_each(body, |alert| read_alert(&self.standard(alert)?))
    }

    /// The alert in the shape of the standard push.
    fn standard(&self, alert: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
        let source = Source { alert, value_mapping: &self.value_mapping };
        let mut standard = Map::new();
        for (target, template) in &self.field_mapping {
            let value = match target.as_str() {
                "labels" => labels(&source, template)?,
                "images" => images(&source, template)?,
                target => source.text(target, template)?,
            };
            standard.insert(target.clone(), value);
        }
        if let Some(Value::String(status)) = standard.get("event_status")
            && Status::parse(status).is_none()
        {
            let problem = format!("'{}' is none of Critical, Warning, Info, Ok", cut(status, SHOWN_CHARS));
            return Err(ApiError::invalid("event_status", &problem));
        }
        Ok(standard)
    }
}

fn labels(source: &Source<'_>, template: &Value) -> Result<Value, ApiError> {
    let mut labels = Map::new();
    match template {
        Value::Object(templates) => {
            for (name, template) in templates.iter().take(ENTRIES) {
                let value = source.text(&format!("labels.{}", cut(name, LABEL_NAME_CHARS)), template)?;
                labels.insert(name.clone(), value);
            }
        }
        variable => match source.value("labels", variable)? {
            // A child of any type is a label, since the sender did not mean them for labels.
            Value::Object(children) => {
                for (name, child) in children {
                    labels.insert(name, source::flat(child));
                }
            }
            other => return Ok(other),
        },
    }
    Ok(Value::Object(labels))
}

fn images(source: &Source<'_>, template: &Value) -> Result<Value, ApiError> {
    let images = match template {
        Value::Array(templates) => {
            let image = |template: &Value| {
                let parts = template.as_object().ok_or(ApiError::invalid("images", "every entry must be an object"))?;
                let part = |(name, template): (&String, &Value)| {
                    Ok((name.clone(), source.text(&format!("images.{}", cut(name, LABEL_NAME_CHARS)), template)?))
                };
                let mut image = Map::new();
                for entry in parts.iter().take(IMAGE.len()) {
                    let (name, text) = part(entry)?;
                    image.insert(name, text);
                }
                Ok(Value::Object(image))
            };
            templates.iter().take(ENTRIES).map(image).collect::<Result<Vec<_>, ApiError>>()?
        }
        variable => match source.value("images", variable)? {
            Value::Array(images) => images.into_iter().map(image).collect(),
            Value::Null => return Ok(Value::Null),
            one => vec![image(one)],
        },
    };
    Ok(Value::Array(images))
}

/// An image as the standard push has it. Senders that have only its address give a text.
fn image(value: Value) -> Value {
    match value {
        Value::String(src) => json!({ "src": src }),
        other => other,
    }
}

#[cfg(test)]
mod tests;
