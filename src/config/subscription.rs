//! Who is told what happens, of what, and how.

use serde::Deserialize;

use super::{Config, default_true};
use crate::board::EventType;
use crate::delivery::{Schedule, Success, Template, WAITS_S};
use crate::filter::Filter;
use crate::intake::mapping::{ValueMapping, check::check_values};
use crate::secret::Secret;
use crate::sorted::SortedMap;

/// The limit for the call of a custom action, milliseconds (Flashduty, "Custom Actions").
const ACTION_MS: u64 = 2000;
/// The most headers that a subscription adds.
const HEADERS: usize = 20;
/// The longest value of a header, bytes.
const HEADER_BYTES: usize = 1024;
/// Names of headers that a subscription may not set: the request's own.
const OWN_HEADERS: [&str; 13] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// A subscriber and what it wants to hear of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its id, positive.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it is told of.
    #[serde(default)]
    pub kind: SubscriptionKind,
    /// Where events are POSTed to.
    pub url: String,
    /// Whether it is told anything.
    #[serde(default = "default_true")]
    pub enabled: bool,
    /// The secret that signs them: `whsec_` and base64 (Standard Webhooks).
    pub secret: Secret,
    /// The secret before that one, which signs as well while receivers change over.
    pub old_secret: Option<Secret>,
    /// The channels whose events it gets; empty for all.
    #[serde(default)]
    pub channel_ids: Vec<i64>,
    /// The event types it gets, of its kind; empty for all. `a_close` it gets anyway.
    #[serde(default)]
    pub event_types: Vec<String>,
    /// The limit for one attempt where it is not the usual one ([`Delivery::timeout_ms`](super::Delivery::timeout_ms), for a custom action 2000 ms): 100 to
    /// 30 000 ms.
    pub timeout_ms: Option<u64>,
    /// How it is sent to; read apart, because only who delivers needs it.
    #[serde(skip)]
    pub details: Details,
}

/// How a subscription is sent to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Details {
    /// What events it gets besides: conditions on labels, severity, title … of the incident or alert; none for all.
    pub filters: Filter,
    /// Headers that are added, by lower-case name. Values may be secret.
    pub headers: SortedMap<String, Secret>,
    /// What counts as taken.
    pub success: Success,
    /// How often a webhook that was not taken is tried again; 0: never. Not given: for as long as the waits go.
    pub retries: Option<usize>,
    /// The waits before the second, third … attempt, seconds; empty: the usual ones.
    pub retry_waits_s: Vec<u64>,
    /// What follows from the two.
    #[serde(skip)]
    pub schedule: Schedule,
    /// The JSON template of the body; absent: the documented body.
    pub body: Option<String>,
    /// The same, read.
    #[serde(skip)]
    pub template: Option<Template>,
    /// What is used in the template in place of values of the documented body.
    pub value_mapping: ValueMapping,
}

/// What a subscription is told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionKind {
    /// What happens to incidents.
    #[default]
    Incident,
    /// What happens to alerts.
    Alert,
    /// Nothing by itself: it is called when somebody runs it on an incident (Flashduty, "Custom Actions").
    Action,
}

impl SubscriptionKind {
    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Alert => "alert",
            Self::Action => "action",
        }
    }
}

impl Details {
    /// Their names in the document.
    pub(super) const FIELDS: [&'static str; 7] =
        ["filters", "headers", "success", "retries", "retry_waits_s", "body", "value_mapping"];

    /// Makes what follows from the fields.
    ///
    /// # Errors
    /// What cannot be followed.
    pub(super) fn check(&mut self, of: &Subscription) -> Result<(), String> {
        let told_later = self.retries.is_some() || !self.retry_waits_s.is_empty() || !self.filters.0.is_empty();
        if of.is_action() && told_later {
            return Err("filters, retries, retry_waits_s: a custom action has none of them".to_owned());
        }
        let waits = if self.retry_waits_s.is_empty() { &WAITS_S } else { self.retry_waits_s.as_slice() };
        self.schedule = Schedule::new(waits, self.retries)?;
        self.filters.check().map_err(|problem| format!("filters: {problem}"))?;
        match &self.body {
            Some(text) => self.template = Some(Template::read(text).map_err(|problem| format!("body{problem}"))?),
            None if self.value_mapping.is_empty() => {}
            None => return Err("value_mapping: is used by a body only".to_owned()),
        }
        check_values(&self.value_mapping)?;
        if self.headers.len() > HEADERS {
            return Err(format!("headers: must be at most {HEADERS}"));
        }
        for (name, value) in &self.headers {
            let proper = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
            if name.is_empty() || name.len() > 64 || !name.bytes().all(proper) {
                return Err("headers: names must be 1 to 64 lower-case letters, digits, - or _".to_owned());
            }
            if OWN_HEADERS.contains(&name.as_str()) {
                return Err(format!("headers: {name} is set by Alarum"));
            }
            let printable = value.expose().bytes().all(|b| (b' '..=b'~').contains(&b));
            if value.len() > HEADER_BYTES || !printable {
                return Err(format!(
                    "headers: the value of {name} must be at most {HEADER_BYTES} printable characters"
                ));
            }
        }
        Ok(())
    }
}

impl Subscription {
    /// Whether it is told what happens to the alerts, not to the incidents, of its channels.
    pub fn is_for_alerts(&self) -> bool {
        self.kind == SubscriptionKind::Alert
    }

    /// Whether people run it on incidents; it is then told nothing by itself.
    pub fn is_action(&self) -> bool {
        self.kind == SubscriptionKind::Action
    }

    /// Whether it is for a channel.
    pub fn covers(&self, channel_id: i64) -> bool {
        self.channel_ids.is_empty() || self.channel_ids.contains(&channel_id)
    }

    /// Refuses event types that cannot be chosen. The text names the field.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.is_action() && !self.event_types.is_empty() {
            return Err("event_types: a custom action has none".to_owned());
        }
        let selectable = |kind: &EventType| kind.is_alert() == self.is_for_alerts() && kind.is_selectable();
        for name in &self.event_types {
            if !EventType::ALL.iter().any(|kind| kind.name() == name && selectable(kind)) {
                return Err(format!("event_types: '{name}' cannot be chosen by a subscription of this kind"));
            }
        }
        Ok(())
    }

    /// Its URL without the query, which may hold a key.
    pub fn shown_url(&self) -> String {
        shown(&self.url).to_owned()
    }

    /// The limit for one attempt, milliseconds.
    pub fn timeout_ms(&self, config: &Config) -> u64 {
        let usual_ms = if self.is_action() { ACTION_MS } else { config.delivery.timeout_ms };
        self.timeout_ms.unwrap_or(usual_ms)
    }

    /// The secrets that sign, the one in force first.
    pub fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.secret).chain(&self.old_secret).collect()
    }
}

/// A URL without its query, which may hold a key.
pub fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(fields: Value) -> Result<(), String> {
        let mut subscription = json!({"id": 1, "name": "n", "url": "u", "secret": "s"});
        for (name, field) in fields.as_object().expect("fields") {
            subscription[name] = field.clone();
        }
        let mut details = serde_json::Map::new();
        let all = subscription.as_object_mut().expect("fields");
        details.extend(Details::FIELDS.iter().filter_map(|name| all.remove_entry(*name)));
        let subscription = crate::json::from_value::<Subscription>(subscription).expect("a subscription");
        subscription.check()?;
        crate::json::from_value::<Details>(details.into()).expect("details").check(&subscription)
    }

    #[test]
    fn event_types_are_those_of_the_kind() {
        assert_eq!(checked(json!({"event_types": ["i_new", "i_r_field"]})), Ok(()));
        assert_eq!(checked(json!({"kind": "alert", "event_types": ["a_new", "a_update", "a_merge"]})), Ok(()));
        let refused =
            |name: &str| Err(format!("event_types: '{name}' cannot be chosen by a subscription of this kind"));
        assert_eq!(checked(json!({"event_types": ["i_new", "a_new"]})), refused("a_new"));
        assert_eq!(checked(json!({"kind": "alert", "event_types": ["i_new"]})), refused("i_new"));
        assert_eq!(checked(json!({"event_types": ["i_notify"]})), refused("i_notify"));
    }

    #[test]
    fn a_custom_action_is_told_nothing_by_itself() {
        assert_eq!(checked(json!({"kind": "action", "headers": {"x-team": "a"}})), Ok(()));
        let chosen = checked(json!({"kind": "action", "event_types": ["i_custom"]}));
        assert_eq!(chosen, Err("event_types: a custom action has none".to_owned()));
        for fields in [json!({"retries": 1}), json!({"retry_waits_s": [5]}), json!({"filters": [[]]})] {
            let mut fields = fields;
            fields["kind"] = json!("action");
            assert!(checked(fields.clone()).is_err(), "{fields}");
        }
    }

    #[test]
    fn that_an_alert_was_closed_is_not_for_choosing() {
        let refused = checked(json!({"kind": "alert", "event_types": ["a_close"]}));
        assert!(refused.is_err_and(|problem| problem.starts_with("event_types: 'a_close'")));
    }

    #[test]
    fn a_body_that_cannot_be_made_is_refused_by_its_field() {
        let body = r#"{"text": "{{incident.title}}"}"#;
        assert_eq!(checked(json!({"body": body, "value_mapping": {"event_type": {"i_new": "new"}}})), Ok(()));
        let problem = |fields| checked(fields).expect_err("refused");
        assert!(problem(json!({"body": "{"})).starts_with("body: must be JSON: "));
        assert_eq!(problem(json!({"body": r#"{"text": "{{a"}"#})), "body.text: has a '{{' without '}}'");
        let empty = problem(json!({"body": body, "value_mapping": {"a..b": {}}}));
        assert!(empty.starts_with("value_mapping.a..b: has a variable with an empty level"), "{empty}");
        let alone = problem(json!({"value_mapping": {"event_type": {"i_new": "new"}}}));
        assert_eq!(alone, "value_mapping: is used by a body only");
    }
}
