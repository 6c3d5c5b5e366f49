//! Whether a subscription wants to hear of an event.

use serde_json::Value;

use super::segment::{Kind, Told};
use crate::board::EventType;
use crate::config::Subscription;
use crate::filter::{Facts, Origin};
use crate::intake::{Severity, Status};
use crate::sorted::SortedMap;

/// Whether a subscription wants to hear of an event: by channel, kind, type, and its additional conditions, which are
/// asked of what the event tells.
pub(super) fn wants(subscription: &Subscription, told: &Told) -> bool {
    let chosen = &subscription.event_types;
    // What is not for choosing is told to all.
    let typed =
        chosen.is_empty() || told.event_type == EventType::AlertClose.name() || chosen.contains(&told.event_type);
    !subscription.is_action()
        && subscription.is_for_alerts() == (told.kind == Kind::Alert)
        && subscription.covers(told.channel_id)
        && typed
        && (subscription.details.filters.0.is_empty() || passes(subscription, told))
}

/// Whether the additional conditions hold. A body that cannot be read is told to everybody rather than to nobody.
fn passes(subscription: &Subscription, told: &Told) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(told.body.as_bytes()) else {
        return true;
    };
    let about = body.get(told.kind.name()).unwrap_or(&Value::Null);
    let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut labels = SortedMap::new();
    for (name, value) in about.get("labels").and_then(Value::as_object).into_iter().flatten() {
        labels.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    let severity = match told.kind {
        Kind::Incident => text("incident_severity"),
        Kind::Alert => text("alert_severity"),
    };
    let facts = Facts {
        // How grave it is at its worst: a condition on severity is to pass what closes an incident as well.
        status: Severity::parse(severity).map_or(Status::Ok, Into::into),
        title: text("title"),
        title_rule: text("title_rule"),
        description: text("description"),
        alert_key: if told.kind == Kind::Alert { text("alert_key") } else { text("dedup_key") },
        labels: &labels,
        origin: Origin {
            id: about.get("data_source_id").and_then(Value::as_i64).unwrap_or_default(),
            name: text("data_source_name"),
            kind: text("data_source_type"),
        },
    };
    subscription.details.filters.holds(&facts)
}
