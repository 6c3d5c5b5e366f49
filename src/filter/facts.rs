//! What can be asked of an alert event: the values that conditions compare and that templates insert.

use crate::sorted::SortedMap;
use std::borrow::Cow;

use crate::intake::{AlertEvent, Severity, Status};

/// An integration, as conditions and templates know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `integration_id`.
    pub id: i64,
    /// Its name.
    pub name: &'a str,
    /// The type of the door through which the alert came, such as `standard` or `prometheus`.
    pub kind: &'a str,
}

/// An alert event and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The status; `Ok` for a recovery.
    pub status: Status,
    /// The title.
    pub title: &'a str,
    /// The rule that made the title.
    pub title_rule: &'a str,
    /// The description.
    pub description: &'a str,
    /// The alert key.
    pub alert_key: &'a str,
    /// The labels.
    pub labels: &'a SortedMap<String, String>,
    /// The integration.
    pub origin: Origin<'a>,
}

impl<'a> Facts<'a> {
    /// The facts of an event.
    pub fn of(event: &'a AlertEvent, origin: Origin<'a>) -> Self {
        Self {
            status: event.status,
            title: &event.title,
            title_rule: &event.title_rule,
            description: &event.description,
            alert_key: &event.alert_key,
            labels: &event.labels,
            origin,
        }
    }

    /// The severity; a recovery has none.
    pub fn severity(&self) -> Option<Severity> {
        self.status.severity()
    }

    /// The integration's id as a text.
    pub fn integration_id(&self) -> Cow<'a, str> {
        Cow::Owned(self.origin.id.to_string())
    }
}
