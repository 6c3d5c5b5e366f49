//! An alert: one alert key of one integration in one channel, from its first event to its recovery.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::intake::{AlertEvent, Image, Severity, Status};

/// An alert. Times are Unix seconds of receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// 24 hex digits.
    pub alert_id: String,
    /// The incident that it belongs to.
    pub incident_id: String,
    /// Through which integration it came.
    pub integration_id: i64,
    /// Its identity within the integration.
    pub alert_key: String,
    /// The title of its latest event that had one.
    pub title: String,
    /// The rule that made the title.
    pub title_rule: String,
    /// The description of its latest event that had one.
    pub description: String,
    /// The severity of its first event.
    pub alert_severity: Severity,
    /// The status of its latest event.
    pub alert_status: Status,
    /// First event.
    pub start_time: u64,
    /// Latest event.
    pub last_time: u64,
    /// Recovery; 0 while open.
    pub end_time: u64,
    /// Those of the latest event; a recovery only adds.
    pub labels: BTreeMap<String, String>,
    /// Those of the latest event.
    pub images: Vec<Image>,
    /// How many events made or changed it.
    pub event_cnt: u64,
}

/// What an event did to an open alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing that an event counts for; labels may have been refreshed.
    Unchanged,
    /// It changed.
    Updated,
    /// It recovered.
    Recovered,
}

impl Alert {
    /// The alert that a first event opens.
    pub fn open(alert_id: String, incident_id: String, integration_id: i64, event: &AlertEvent, secs: u64) -> Self {
        Self {
            alert_id,
            incident_id,
            integration_id,
            alert_key: event.alert_key.clone(),
            title: event.title.clone(),
            title_rule: event.title_rule.clone(),
            description: event.description.clone(),
            alert_severity: event.status.severity().unwrap_or_default(),
            alert_status: event.status,
            start_time: secs,
            last_time: secs,
            end_time: 0,
            labels: event.labels.clone(),
            images: event.images.clone(),
            event_cnt: 1,
        }
    }

    /// Takes in a further event while the alert is open.
    pub fn take(&mut self, event: &AlertEvent, secs: u64) -> Effect {
        if event.status == Status::Ok {
            for (name, value) in &event.labels {
                self.labels.entry(name.clone()).or_insert_with(|| value.clone());
            }
            self.alert_status = Status::Ok;
            self.end_time = secs;
            self.last_time = secs;
            self.event_cnt += 1;
            return Effect::Recovered;
        }
        let unchanged =
            event.status == self.alert_status && event.title == self.title && event.description == self.description;
        self.labels.clone_from(&event.labels);
        if unchanged {
            return Effect::Unchanged;
        }
        self.alert_status = event.status;
        self.title.clone_from(&event.title);
        self.title_rule.clone_from(&event.title_rule);
        self.description.clone_from(&event.description);
        self.images.clone_from(&event.images);
        self.last_time = secs;
        self.event_cnt += 1;
        Effect::Updated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(status: Status, description: &str, labels: &[(&str, &str)]) -> AlertEvent {
        AlertEvent {
            alert_key: "k".into(),
            status,
            title: "t".into(),
            description: description.into(),
            labels: labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..AlertEvent::default()
        }
    }

    fn opened() -> Alert {
        Alert::open("a".into(), "i".into(), 1, &event(Status::Warning, "d", &[("x", "1")]), 100)
    }

    #[test]
    fn an_unchanged_event_is_discarded_but_refreshes_the_labels() {
        let mut alert = opened();
        assert_eq!(alert.take(&event(Status::Warning, "d", &[("y", "2")]), 200), Effect::Unchanged);
        assert_eq!((alert.event_cnt, alert.last_time), (1, 100));
        assert_eq!(alert.labels.keys().collect::<Vec<_>>(), ["y"]);
    }

    #[test]
    fn a_changed_event_updates_the_status_but_not_the_severity() {
        let mut alert = opened();
        assert_eq!(alert.take(&event(Status::Critical, "d", &[]), 200), Effect::Updated);
        assert_eq!((alert.alert_status, alert.alert_severity), (Status::Critical, Severity::Warning));
        assert_eq!((alert.event_cnt, alert.last_time, alert.end_time), (2, 200, 0));
    }

    #[test]
    fn a_recovery_adds_labels_but_overwrites_none_and_keeps_the_title() {
        let mut alert = opened();
        let recovery = AlertEvent { title: String::new(), ..event(Status::Ok, "", &[("x", "9"), ("z", "3")]) };
        assert_eq!(alert.take(&recovery, 300), Effect::Recovered);
        assert_eq!((alert.labels["x"].as_str(), alert.labels["z"].as_str()), ("1", "3"));
        assert_eq!((alert.title.as_str(), alert.end_time), ("t", 300));
    }
}
