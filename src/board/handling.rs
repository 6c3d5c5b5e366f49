//! What people did to an incident. It stands apart, because most incidents come and go without anybody's doing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::is_default;

/// What people did to an incident. Times are Unix seconds, 0 where it has not happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handling {
    /// What it does to users.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub impact: String,
    /// Why it happened.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub root_cause: String,
    /// How it was mended.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resolution: String,
    /// The earliest acknowledgement that was not taken back.
    #[serde(skip_serializing_if = "is_default")]
    pub ack_time: u64,
    /// Until when it is snoozed.
    #[serde(skip_serializing_if = "is_default")]
    pub snoozed_before: u64,
    /// The values of custom fields.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// Who made it; 0: an alert did.
    #[serde(skip_serializing_if = "is_default")]
    pub creator_id: i64,
    /// Who closed it; 0: nobody did, or it closed by itself.
    #[serde(skip_serializing_if = "is_default")]
    pub closer_id: i64,
    /// Who answers for it since it was merged; 0: nobody was named.
    #[serde(skip_serializing_if = "is_default")]
    pub owner_id: i64,
    /// Who was asked to handle it or does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responders: Vec<Responder>,
    /// The latest assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Assignment>,
    /// The fields that people have changed, so that alerts no longer do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// No further alert joins it by itself.
    #[serde(skip_serializing_if = "is_default")]
    pub merge_disabled: bool,
    /// It is to be forgotten when its events are delivered.
    #[serde(skip_serializing_if = "is_default")]
    pub removed: bool,
    /// How often it was closed with alerts that had not recovered.
    #[serde(skip_serializing_if = "is_default")]
    pub closures: u32,
}

/// Somebody who was asked to handle an incident or does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responder {
    /// Who.
    pub person_id: i64,
    /// When they were asked, Unix seconds.
    pub assigned_at: u64,
    /// When they acknowledged, Unix seconds; 0: they have not.
    pub acknowledged_at: u64,
}

/// To whom an incident was assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// What tells it from others.
    pub id: String,
    /// `assign`, `reassign` or `reopen`.
    #[serde(rename = "type")]
    pub kind: String,
    /// To whom.
    pub person_ids: Vec<i64>,
    /// When, Unix seconds.
    pub assigned_at: u64,
}

impl Handling {
    /// Whether somebody has acknowledged.
    pub fn is_acknowledged(&self) -> bool {
        self.ack_time > 0
    }

    /// The responder with this id, added where it is not there.
    pub fn responder(&mut self, person_id: i64, secs: u64) -> &mut Responder {
        let at = self.responders.iter().position(|responder| responder.person_id == person_id);
        let at = at.unwrap_or_else(|| {
            self.responders.push(Responder { person_id, assigned_at: secs, acknowledged_at: 0 });
            self.responders.len() - 1
        });
        &mut self.responders[at]
    }

    /// The earliest acknowledgement follows from those of the responders.
    pub fn count_acknowledgements(&mut self) {
        let times = self.responders.iter().map(|responder| responder.acknowledged_at).filter(|at| *at > 0);
        self.ack_time = times.min().unwrap_or(0);
    }

    /// Notes that people have changed a field.
    pub fn override_field(&mut self, field: &str) {
        if !self.overrides.iter().any(|name| name == field) {
            self.overrides.push(field.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_did_is_not_stored() {
        assert_eq!(serde_json::to_string(&Handling::default()).expect("plain data"), "{}");
    }

    #[test]
    fn all_that_was_done_reads_back() {
        let responder = Responder { person_id: 1, assigned_at: 2, acknowledged_at: 3 };
        let assignment = Assignment { id: "a".into(), kind: "assign".into(), person_ids: vec![1], assigned_at: 2 };
        let handling = Handling {
            impact: "i".into(),
            root_cause: "c".into(),
            resolution: "r".into(),
            ack_time: 1,
            snoozed_before: 2,
            fields: Map::from_iter([("f".to_owned(), Value::Null)]),
            creator_id: 3,
            closer_id: -4,
            owner_id: 5,
            responders: vec![responder],
            assigned_to: Some(assignment),
            overrides: vec!["title".into()],
            merge_disabled: true,
            removed: true,
            closures: 6,
        };
        let bytes = serde_json::to_vec(&handling).expect("plain data");
        assert_eq!(serde_json::from_slice::<Handling>(&bytes).expect("as written"), handling);
    }

    #[test]
    fn a_responder_is_there_once_and_keeps_when_it_was_asked() {
        let mut handling = Handling::default();
        handling.responder(1, 10).acknowledged_at = 15;
        handling.responder(2, 20);
        assert_eq!((handling.responder(1, 30).assigned_at, handling.responders.len()), (10, 2));
    }

    #[test]
    fn the_earliest_acknowledgement_counts() {
        let mut handling = Handling::default();
        handling.responder(1, 0).acknowledged_at = 30;
        handling.responder(2, 0).acknowledged_at = 20;
        handling.responder(3, 0);
        handling.count_acknowledgements();
        assert!(handling.ack_time == 20 && handling.is_acknowledged());
        handling.responders.clear();
        handling.count_acknowledgements();
        assert!(!handling.is_acknowledged());
    }

    #[test]
    fn an_overridden_field_is_noted_once() {
        let mut handling = Handling::default();
        for field in ["title", "impact", "title"] {
            handling.override_field(field);
        }
        assert_eq!(handling.overrides, ["title", "impact"]);
    }
}
