//! A draft: what a door understood of one alert, before limits, key and title.

use serde_json::{Map, Value};

use super::event::{AlertEvent, Image, Status};
use super::fields::{
    ALERT_KEY_CHARS, DESCRIPTION_CHARS, IMAGE_ALT_CHARS, IMAGE_URL_CHARS, LABEL_VALUE_CHARS, TITLE_CHARS, cut, limited,
};
use crate::error::ApiError;
use crate::filter::Origin;
use crate::id::short_key;
use crate::sorted::SortedMap;
use crate::title;

/// More labels than this are not collected: far above the limit, as names that are cut may turn out to be one.
const MANY_LABELS: usize = 1024;

/// What a sender said about one alert. Texts may be of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// `Critical`, `Warning`, `Info`, or `Ok` for a recovery.
    pub status: Status,
    /// A finished title.
    pub title: String,
    /// A rule that makes the title from the labels; goes before `title` where it can be resolved.
    pub title_rule: String,
    /// The description.
    pub description: String,
    /// The labels.
    pub labels: SortedMap<String, String>,
    /// Its identity within the integration; empty: derived.
    pub alert_key: String,
    /// Pictures.
    pub images: Vec<Image>,
    /// When it happened by the sender's clock, Unix seconds; `None`: when it was received.
    pub event_time: Option<u64>,
}

impl Draft {
    /// The event: cut to the limits, with its key and its title.
    ///
    /// # Errors
    /// `InvalidParameter` for what can never be right: a firing alert without title, a key that is too long.
    pub fn seal(self, origin: Origin<'_>) -> Result<AlertEvent, ApiError> {
        if self.title.is_empty() && self.title_rule.is_empty() && self.status != Status::Ok {
            return Err(ApiError::invalid("title_rule", "is required"));
        }
        if self.alert_key.chars().nth(ALERT_KEY_CHARS).is_some() {
            return Err(ApiError::invalid("alert_key", "must have at most 255 characters"));
        }
        let given = cut(&self.title, TITLE_CHARS);
        let title_rule = match self.title_rule.as_str() {
            "" => given,
            rule => cut(rule, TITLE_CHARS),
        };
        let labels = limited(self.labels);
        let alert_key = match self.alert_key {
            key if key.is_empty() => derived_key(origin.id, title_rule, &labels),
            key => key,
        };
        let mut event = AlertEvent {
            alert_key,
            status: self.status,
            title: given.to_owned(),
            title_rule: title_rule.to_owned(),
            description: cut(&self.description, DESCRIPTION_CHARS).to_owned(),
            labels,
            images: usable(self.images),
            event_time: self.event_time,
        };
        title::retitle(&mut event, origin);
        Ok(event)
    }

    /// Adds a label from a field of the sender's, unless it is empty or the sender gave a label of this name. Of very
    /// many, those with the last names are dropped at once, which is what the limit does to them in the end.
    pub fn label(&mut self, name: &str, value: &str) {
        if !value.is_empty() && !self.labels.contains_key(name) {
            self.labels.insert(name.to_owned(), cut(value, LABEL_VALUE_CHARS).to_owned());
            if self.labels.len() > MANY_LABELS {
                self.labels.pop_last();
            }
        }
    }
}

/// The key of an alert whose sender gave none: it follows from integration, title rule and labels, so that the same
/// alert gets the same key again, also when it recovers.
fn derived_key(integration_id: i64, title_rule: &str, labels: &SortedMap<String, String>) -> String {
    let mut bytes = integration_id.to_be_bytes().to_vec();
    let texts = std::iter::once(title_rule).chain(labels.iter().flat_map(|(k, v)| [k.as_str(), v.as_str()]));
    for text in texts {
        // With its length before it, no two lists of texts give the same bytes.
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    short_key(&bytes)
}

/// The images, one for each `alt` (the last one given). One that the protocol would discard is discarded.
fn usable(images: Vec<Image>) -> Vec<Image> {
    let mut by_alt = Map::new();
    let mut all = Vec::new();
    for image in images {
        let src = image.src.as_str();
        let usable = src.starts_with("http://") || src.starts_with("https://") || src.starts_with("img_");
        if !usable || src.chars().nth(IMAGE_URL_CHARS).is_some() {
            continue;
        }
        let (alt, href) = (cut(&image.alt, IMAGE_ALT_CHARS).to_owned(), cut(&image.href, IMAGE_URL_CHARS).to_owned());
        by_alt.insert(alt.clone(), all.len().into());
        all.push(Image { src: image.src, alt, href });
    }
    let nth = |place: &Value| place.as_u64().and_then(|nth| usize::try_from(nth).ok());
    by_alt.values().filter_map(|place| all.get(nth(place)?).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_key_follows_from_integration_title_rule_and_labels() {
        let labels: SortedMap<_, _> = [("host".to_owned(), "db-3".to_owned())].into();
        let key = derived_key(1, "down", &labels);
        assert_eq!(key, derived_key(1, "down", &labels));
        assert_ne!(key, derived_key(2, "down", &labels));
        assert_ne!(key, derived_key(1, "down", &SortedMap::new()));
        let shifted: SortedMap<_, _> = [("hostd".to_owned(), "b-3".to_owned())].into();
        assert_ne!(key, derived_key(1, "down", &shifted));
    }
}
