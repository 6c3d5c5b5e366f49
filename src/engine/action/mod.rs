//! What people do to incidents (Flashduty Open API, incident calls). Each action is one step: what is not allowed
//! changes nothing at all, also where an action names a hundred incidents and only the last one is wrong.

mod assign;
mod create;
mod edit;
mod end;
mod merge;
mod progress;
mod silence;

use serde_json::Value;

use super::tell::Who;
use crate::board::{Alert, Board, Changes, Incident, Missing, Step};
use crate::id::Cause;
use crate::intake::Severity;
use crate::journal::AutoResolve;
use crate::time::Timestamp;

/// Something that somebody does on the board of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Who does it; 0: a person without a name of their own.
    pub person_id: i64,
    /// When.
    pub at: Timestamp,
    /// A random number that no other act has: what the act makes is named by it.
    pub token: u64,
    /// What.
    pub action: Action,
}

/// What can be done. Incidents are named by their ids; they are on the board, or were called back to it before.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Makes an incident by hand.
    Create(Box<Creation>),
    /// Acknowledges.
    Acknowledge(Vec<String>),
    /// Takes the person's own acknowledgement back.
    Unacknowledge(Vec<String>),
    /// Snoozes for some minutes, 1 to 1440.
    Snooze(Vec<String>, u64),
    /// Ends snoozes.
    Wake(Vec<String>),
    /// Closes.
    Resolve(Vec<String>, Resolution),
    /// Opens closed ones again.
    Reopen(Vec<String>, String),
    /// Assigns to persons, instead of those it was assigned to.
    Assign(Vec<String>, Vec<i64>),
    /// Adds responders.
    AddResponders(String, Vec<i64>),
    /// Comments; whether nobody shall be told by reply.
    Comment(Vec<String>, String, bool),
    /// Changes fields.
    Reset(String, Box<Fields>),
    /// Changes a custom field; `null` empties it.
    ResetField(String, String, Value),
    /// Merges incidents into another.
    Merge(Box<Merging>),
    /// Moves alerts into an incident.
    MergeAlerts(Box<AlertMerging>),
    /// Closes alerts before they recover.
    CloseAlerts(Vec<String>),
    /// No further alert shall join them by itself.
    DisableMerge(Vec<String>),
    /// Forgets incidents.
    Remove(Vec<String>),
    /// Silences alerts like those of an incident, for some seconds.
    Silence(String, u64),
    /// Ends the quick silence with this id.
    EndSilence(String),
    /// A custom action was run: its id and name.
    Custom(String, i64, String),
}

impl Action {
    /// The alerts that it names.
    pub fn alert_ids(&self) -> &[String] {
        match self {
            Self::CloseAlerts(ids) => ids,
            Self::MergeAlerts(merging) => &merging.alert_ids,
            _ => &[],
        }
    }

    /// The same action on some of the incidents or alerts that it names; where it is about one incident, itself.
    pub fn of(&self, some: Vec<String>) -> Self {
        match self.clone() {
            Self::Acknowledge(_) => Self::Acknowledge(some),
            Self::Unacknowledge(_) => Self::Unacknowledge(some),
            Self::Snooze(_, minutes) => Self::Snooze(some, minutes),
            Self::Wake(_) => Self::Wake(some),
            Self::Resolve(_, said) => Self::Resolve(some, said),
            Self::Reopen(_, reason) => Self::Reopen(some, reason),
            Self::Assign(_, person_ids) => Self::Assign(some, person_ids),
            Self::Comment(_, comment, mute_reply) => Self::Comment(some, comment, mute_reply),
            Self::DisableMerge(_) => Self::DisableMerge(some),
            Self::Remove(_) => Self::Remove(some),
            Self::CloseAlerts(_) => Self::CloseAlerts(some),
            about_one => about_one,
        }
    }

    /// The incidents that it names.
    pub fn incident_ids(&self) -> Vec<&str> {
        match self {
            Self::Create(_) | Self::CloseAlerts(_) | Self::EndSilence(_) => Vec::new(),
            Self::Acknowledge(ids)
            | Self::Unacknowledge(ids)
            | Self::Snooze(ids, _)
            | Self::Wake(ids)
            | Self::Resolve(ids, _)
            | Self::Reopen(ids, _)
            | Self::Assign(ids, _)
            | Self::Comment(ids, ..)
            | Self::DisableMerge(ids)
            | Self::Remove(ids) => ids.iter().map(String::as_str).collect(),
            Self::AddResponders(id, _)
            | Self::Reset(id, _)
            | Self::ResetField(id, ..)
            | Self::Silence(id, _)
            | Self::Custom(id, ..) => vec![id],
            Self::Merge(merging) => {
                let sources = merging.source_incident_ids.iter().map(String::as_str);
                sources.chain([merging.target_incident_id.as_str()]).collect()
            }
            Self::MergeAlerts(merging) => vec![&merging.incident_id],
        }
    }
}

/// An incident made by hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Creation {
    /// Its severity.
    pub severity: Severity,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// To whom it is assigned.
    pub person_ids: Vec<i64>,
    /// The values of custom fields.
    pub fields: serde_json::Map<String, Value>,
    /// When it closes by itself, by its channel.
    pub auto_resolve: Option<AutoResolve>,
}

/// What is said when an incident is closed; absent: nothing new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Why it happened.
    pub root_cause: Option<String>,
    /// How it was mended.
    pub resolution: Option<String>,
    /// What it was.
    pub description: Option<String>,
}

/// Fields that people change; absent: unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// What it does to users.
    pub impact: Option<String>,
    /// Why it happened.
    pub root_cause: Option<String>,
    /// How it was mended.
    pub resolution: Option<String>,
    /// The severity.
    pub severity: Option<Severity>,
}

/// Incidents that become part of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merging {
    /// Those that are merged.
    pub source_incident_ids: Vec<String>,
    /// The one that stays.
    pub target_incident_id: String,
    /// Its new title.
    pub title: Option<String>,
    /// Why.
    pub comment: String,
    /// Who answers for it; 0: nobody is named.
    pub owner_id: i64,
    /// Whether the sources are forgotten instead of closed.
    pub remove_source_incidents: bool,
}

/// Alerts that move to an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertMerging {
    /// The alerts.
    pub alert_ids: Vec<String>,
    /// Where they go.
    pub incident_id: String,
    /// Its new title.
    pub title: Option<String>,
    /// Why.
    pub comment: String,
    /// Who answers for it; 0: nobody is named.
    pub owner_id: i64,
}

/// What an act made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing new.
    Changed,
    /// An incident with this id.
    Incident(String),
    /// A silence with this id.
    Silence(String),
}

/// Why an act is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// A page is missing: to be loaded, then the act is tried again.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It is not allowed, or there is no such thing.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Why an act is refused: the parameter and the problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Refused {
    /// The parameter of the call.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// Whether what it names is not there.
    pub unknown: bool,
}

/// Does what somebody does, on the board as it is.
///
/// # Errors
/// [`Halt`]; the board is then as before.
pub fn act(board: &Board, act: &Act) -> Result<(Changes, Done), Halt> {
    let mut step = board.step();
    let by = By { who: Who::Person(act.person_id), at: act.at, token: act.token };
    let done = by.act(&mut step, &act.action)?;
    Ok((step.changes(), done))
}

/// Who does something, and when.
#[derive(Clone, Copy, Debug)]
struct By {
    who: Who,
    at: Timestamp,
    token: u64,
}

impl By {
    fn act(&self, step: &mut Step, action: &Action) -> Result<Done, Halt> {
        match action {
            Action::Create(creation) => return self.create(step, creation),
            Action::Acknowledge(ids) => self.each(step, ids, |by, step, i| by.acknowledge(step, i))?,
            Action::Unacknowledge(ids) => self.each(step, ids, |by, step, i| by.unacknowledge(step, i))?,
            Action::Snooze(ids, minutes) => self.each(step, ids, |by, step, i| by.snooze(step, i, *minutes))?,
            Action::Wake(ids) => self.each(step, ids, |by, step, i| by.wake(step, i))?,
            Action::Resolve(ids, said) => self.each(step, ids, |by, step, i| by.resolve(step, i, said))?,
            Action::Reopen(ids, reason) => self.each(step, ids, |by, step, i| by.reopen(step, i, reason))?,
            Action::Assign(ids, person_ids) => self.each(step, ids, |by, step, i| by.assign(step, i, person_ids))?,
            Action::AddResponders(id, person_ids) => {
                self.one(step, "incident_id", id, |by, step, i| by.add_responders(step, i, person_ids))?;
            }
            Action::Comment(ids, comment, mute_reply) => {
                self.each(step, ids, |by, step, i| by.comment(step, i, comment, *mute_reply))?;
            }
            Action::Reset(id, fields) => {
                self.one(step, "incident_id", id, |by, step, i| by.reset(step, i, fields))?;
            }
            Action::ResetField(id, name, value) => {
                self.one(step, "incident_id", id, |by, step, i| by.reset_field(step, i, name, value))?;
            }
            Action::Merge(merging) => self.merge(step, merging)?,
            Action::MergeAlerts(merging) => self.merge_alerts(step, merging)?,
            Action::CloseAlerts(alert_ids) => self.close_alerts(step, alert_ids)?,
            Action::DisableMerge(ids) => self.each(step, ids, |by, step, i| by.disable_merge(step, i))?,
            Action::Remove(ids) => self.each(step, ids, |by, step, i| by.remove(step, i))?,
            Action::Silence(id, secs) => return self.silence(step, id, *secs),
            Action::EndSilence(rule_id) => self.end_silence(step, rule_id)?,
            Action::Custom(id, integration_id, name) => {
                self.one(step, "incident_id", id, |by, step, i| by.custom(step, i, *integration_id, name))?;
            }
        }
        Ok(Done::Changed)
    }

    /// Does something to each of some incidents, each once however often it is named.
    fn each(
        &self,
        step: &mut Step,
        ids: &[String],
        does: impl Fn(&Self, &mut Step, &mut Incident) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        for (nth, id) in ids.iter().enumerate() {
            if !ids.iter().take(nth).any(|before| before == id) {
                self.one(step, "incident_ids", id, &does)?;
            }
        }
        Ok(())
    }

    fn one(
        &self,
        step: &mut Step,
        field: &'static str,
        id: &str,
        does: impl Fn(&Self, &mut Step, &mut Incident) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let mut incident = find(step, field, id)?;
        does(self, step, &mut incident)?;
        step.put_incident(incident);
        Ok(())
    }

    /// What the `nth` thing that the act makes is named by.
    fn cause(&self, nth: u32, channel: i64) -> Cause {
        Cause { stream: self.token, n: 0, index: nth, received: self.at, channel }
    }
}

fn find(step: &Step, field: &'static str, incident_id: &str) -> Result<Incident, Halt> {
    let unknown = || Refused { field, problem: format!("there is no incident {incident_id}"), unknown: true };
    // One that is to be forgotten is only still here because that is not delivered yet.
    Ok(step.incident(incident_id)?.filter(|incident| !incident.is_removed()).ok_or_else(unknown)?)
}

fn find_alert(step: &Step, field: &'static str, alert_id: &str) -> Result<Alert, Halt> {
    let unknown = || Refused { field, problem: format!("there is no alert {alert_id} on the board"), unknown: true };
    let alert = step.alert(alert_id)?.ok_or_else(unknown)?;
    match step.incident(&alert.incident_id)?.is_some_and(|incident| incident.is_removed()) {
        true => Err(unknown().into()),
        false => Ok(alert),
    }
}

fn refused(field: &'static str, problem: impl Into<String>) -> Halt {
    Halt::Refused(Refused { field, problem: problem.into(), unknown: false })
}

/// Refuses what can only be done to an open incident.
fn open(incident: &Incident) -> Result<(), Halt> {
    match incident.is_open() {
        true => Ok(()),
        false => Err(refused("incident_ids", format!("incident {} is closed", incident.incident_id))),
    }
}
