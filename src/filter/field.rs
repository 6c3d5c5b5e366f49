//! Which key of a condition means which fact of an alert, with all the names that keys have had (Flashduty, "Filter
//! Conditions"). What conditions compare, what alerts are grouped by and what inhibition holds equal is looked up here.

use std::borrow::Cow;

use super::facts::Facts;
use crate::intake::Severity;

/// What a key means.
enum Field<'k> {
    Severity,
    Status,
    Title,
    Description,
    AlertKey,
    TitleRule,
    Integration,
    Label(&'k str),
}

impl<'k> Field<'k> {
    fn of(key: &'k str) -> Option<Self> {
        Some(match key {
            "severity" | "alert_severity" | "event_severity" | "incident_severity" => Self::Severity,
            "status" | "alert_status" | "event_status" | "incident_status" => Self::Status,
            "title" => Self::Title,
            "description" => Self::Description,
            "alert_key" => Self::AlertKey,
            "title_rule" => Self::TitleRule,
            "integration_id" | "data_source_id" => Self::Integration,
            "check" | "resource" | "service" | "cluster" => Self::Label(key),
            _ => Self::Label(key.strip_prefix("labels.").filter(|name| !name.is_empty())?),
        })
    }
}

/// Whether a key means anything.
pub fn is_known(key: &str) -> bool {
    Field::of(key).is_some()
}

/// The one name of all that a key has had: two keys with the same one ask for the same value. A key that means nothing
/// is its own.
pub fn canonical(key: &str) -> Cow<'_, str> {
    Cow::Borrowed(match Field::of(key) {
        Some(Field::Severity) => "severity",
        Some(Field::Status) => "status",
        Some(Field::Integration) => "integration_id",
        Some(Field::Label(name)) if name == key => return Cow::Owned(format!("labels.{name}")),
        _ => key,
    })
}

/// The value of a key, or `None` where the alert has none or the key means nothing.
///
/// * `severity` (`alert_severity`, `event_severity`, `incident_severity`): absent on a recovery.
/// * `status` (`alert_status`, `event_status`, `incident_status`): the severity, or `Ok`; always there.
/// * `title`, `description`, `alert_key`, `title_rule`: absent where empty, because an alert has these fields always and
///   an empty one says nothing; so `IN ["*"]` asks whether there is one.
/// * `integration_id` (`data_source_id`): the number as a text.
/// * `labels.<name>`, where the name may contain dots, and bare `check`, `resource`, `service`, `cluster`: the label of
///   that name. An empty label is there: its sender named it.
pub fn value<'a>(key: &str, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
    let text = match Field::of(key)? {
        Field::Severity => facts.severity()?.name(),
        Field::Status => facts.severity().map_or("Ok", Severity::name),
        Field::Title => said(facts.title)?,
        Field::Description => said(facts.description)?,
        Field::AlertKey => said(facts.alert_key)?,
        Field::TitleRule => said(facts.title_rule)?,
        Field::Integration => return Some(facts.integration_id()),
        Field::Label(name) => facts.labels.get(name)?,
    };
    Some(Cow::Borrowed(text))
}

fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};

    fn event(status: Status) -> AlertEvent {
        let labels = [("check", "disk"), ("a.b", "dotted"), ("empty", "")];
        AlertEvent {
            status,
            title: "Disk full".into(),
            title_rule: "$check".into(),
            alert_key: "k1".into(),
            labels: labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..AlertEvent::default()
        }
    }

    fn lookup(key: &str, status: Status) -> Option<String> {
        let event = event(status);
        let origin = Origin { id: 9001, ..Origin::default() };
        value(key, &Facts::of(&event, origin)).map(Cow::into_owned)
    }

    #[test]
    fn every_name_that_a_key_has_had_means_the_same() {
        let names = [
            ("Warning", ["severity", "alert_severity", "event_severity", "incident_severity"].as_slice()),
            ("Warning", &["status", "alert_status", "event_status", "incident_status"]),
            ("9001", &["integration_id", "data_source_id"]),
            ("disk", &["check", "labels.check"]),
            ("Disk full", &["title"]),
            ("$check", &["title_rule"]),
            ("k1", &["alert_key"]),
        ];
        for (expected, keys) in names {
            for key in keys {
                assert!(is_known(key), "{key}");
                assert_eq!(lookup(key, Status::Warning).as_deref(), Some(expected), "{key}");
            }
        }
    }

    #[test]
    fn keys_that_mean_the_same_have_one_name_and_others_do_not() {
        for (name, keys) in [
            ("severity", ["severity", "alert_severity", "event_severity", "incident_severity"].as_slice()),
            ("status", &["status", "alert_status", "event_status", "incident_status"]),
            ("integration_id", &["integration_id", "data_source_id"]),
            ("labels.check", &["check", "labels.check"]),
            ("labels.labels.check", &["labels.labels.check"]),
            ("title", &["title"]),
            ("no such key", &["no such key"]),
        ] {
            for key in keys {
                assert_eq!(canonical(key), name);
            }
        }
    }

    #[test]
    fn a_recovery_has_a_status_and_no_severity() {
        assert_eq!(lookup("severity", Status::Ok), None);
        assert_eq!(lookup("status", Status::Ok).as_deref(), Some("Ok"));
    }

    #[test]
    fn the_name_of_a_label_may_contain_dots() {
        assert_eq!(lookup("labels.a.b", Status::Info).as_deref(), Some("dotted"));
        assert_eq!(lookup("labels.a", Status::Info), None);
    }

    #[test]
    fn an_empty_text_is_absent_and_an_empty_label_is_there() {
        assert_eq!(lookup("description", Status::Info), None);
        assert_eq!(lookup("labels.empty", Status::Info).as_deref(), Some(""));
    }

    #[test]
    fn a_built_in_label_that_the_alert_lacks_is_absent() {
        for key in ["resource", "service", "cluster"] {
            assert!(is_known(key) && lookup(key, Status::Info).is_none(), "{key}");
        }
    }

    #[test]
    fn other_keys_mean_nothing() {
        for key in ["", "labels", "labels.", "Severity", "host", "label.x", "images"] {
            assert!(!is_known(key) && lookup(key, Status::Info).is_none(), "{key}");
        }
    }
}
