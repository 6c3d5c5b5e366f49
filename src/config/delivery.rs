//! Who is told what happens to incidents and alerts, and how.

use serde::Deserialize;

use crate::board::EventType;
use crate::delivery::template::Template;
use crate::intake::mapping::{ValueMapping, check::check_values};
use crate::secret::Secret;

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
    /// The secret that signs them: `whsec_` and base64 (Standard Webhooks).
    pub secret: Secret,
    /// The channels whose events it gets; empty for all.
    #[serde(default)]
    pub channel_ids: Vec<i64>,
    /// The event types it gets, of its kind; empty for all. `a_close` it gets anyway.
    #[serde(default)]
    pub event_types: Vec<String>,
    /// The JSON template of the body; absent: the default payload.
    pub body: Option<String>,
    /// What is used in the template in place of values of the payload.
    #[serde(default)]
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
}

impl Subscription {
    /// Whether it is told what happens to the alerts, not to the incidents, of its channels.
    pub fn is_for_alerts(&self) -> bool {
        self.kind == SubscriptionKind::Alert
    }

    /// Whether it is told what happens in a channel.
    pub fn covers(&self, channel_id: i64) -> bool {
        self.channel_ids.is_empty() || self.channel_ids.contains(&channel_id)
    }

    /// Refuses event types that cannot be chosen, and a body that cannot be made. The text names the field.
    pub(super) fn check(&self) -> Result<(), String> {
        let selectable = |kind: &EventType| kind.is_alert() == self.is_for_alerts() && kind.is_selectable();
        for name in &self.event_types {
            if !EventType::ALL.iter().any(|kind| kind.name() == name && selectable(kind)) {
                return Err(format!("event_types: '{name}' cannot be chosen by a subscription of this kind"));
            }
        }
        if let Some(text) = &self.body {
            Template::read(text).map_err(|problem| format!("body{problem}"))?;
        } else if !self.value_mapping.is_empty() {
            return Err("value_mapping: is used by a body only".to_owned());
        }
        check_values(&self.value_mapping)
    }
}

/// How webhooks are delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The limit for one attempt, from connecting to the last byte of the answer: 100 to 30 000 ms.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Allows `http:` targets.
    #[serde(default)]
    pub allow_http: bool,
    /// Allows targets on this machine and in private networks. For development.
    #[serde(default)]
    pub allow_private_targets: bool,
}

const fn default_timeout_ms() -> u64 {
    1000
}

impl Default for Delivery {
    fn default() -> Self {
        Self { timeout_ms: default_timeout_ms(), allow_http: false, allow_private_targets: false }
    }
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
        crate::json::from_value::<Subscription>(subscription).expect("a subscription").check()
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
