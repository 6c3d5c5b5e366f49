//! How an explanation tells what an alert does, or did, in a channel: in fields for programs, and in a sentence for people.

use serde::Serialize;
use serde_json::{Value, json};

use crate::board::{Alert, ClosedIncident, Incident, MutedBy};
use crate::config::Config;
use crate::engine::Outlook;
use crate::intake::{Shown, Status};
use crate::journal::{Arrival, Grouping};

/// What happens to an alert in one channel.
#[derive(Default, Serialize)]
pub(super) struct InChannel {
    channel_id: i64,
    channel_name: String,
    /// `dropped`, `discarded`: nothing is kept of it. `muted`: it is kept, and in no incident. `opens`, `joins`: it makes an
    /// incident, or becomes part of one. `changes`, `unchanged`, `recovers`: the open alert with its key does.
    /// `nothing`: it recovers and there is none.
    outcome: &'static str,
    /// Whether a silence is for it.
    silenced: bool,
    /// Whether an active alert inhibits it.
    inhibited: bool,
    /// Whether its key is found flapping, or is quiet because of that.
    flapping: bool,
    /// The rule that drops, silences or inhibits it: its id, or `pipeline rule <n>`.
    #[serde(skip_serializing_if = "String::is_empty")]
    rule_id: String,
    /// Until when it is muted, Unix seconds; by another alert, if that says nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<u64>,
    /// The alert that inhibits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    inhibited_by: Option<String>,
    /// What happens, in a sentence.
    grouping: String,
    /// The keys and values that it has in common with the incident that it joins; by similarity, what was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_by: Option<Value>,
    /// The open alert with its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<String>,
    /// The incident that it is a part of, or would be; absent where it would make a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident_id: Option<String>,
    /// The short name of that incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    num: Option<String>,
}

/// By what an alert joins incidents in a channel.
pub(super) struct Joins<'a> {
    grouping: Option<&'a Grouping>,
    /// The keys and values of each mark; by similarity, what is compared.
    told: &'a [Value],
}

impl<'a> Joins<'a> {
    /// By what the steps say of a channel.
    pub(super) fn of(arrival: Option<&'a Arrival>, channel: i64, steps: &'a Value) -> Self {
        let ruling = arrival.and_then(|arrival| arrival.ruling(channel));
        let mut rules = steps["channel_rules"].as_array().into_iter().flatten();
        let told = rules.find(|step| step["channel_id"] == channel).and_then(|step| step["grouped_by"].as_array());
        let told = told.map_or(&[][..], Vec::as_slice);
        Self { grouping: ruling.and_then(|ruling| ruling.grouping.as_ref()), told }
    }

    /// What it has in common with an incident.
    fn common(&self, incident: &Incident) -> Option<&'a Value> {
        let (grouping, group) = (self.grouping?, incident.group.as_ref()?);
        match grouping.texts {
            Some(_) if group.method == 'i' => self.told.first(),
            Some(_) => None,
            None => self.told.get(grouping.marks.iter().position(|mark| group.marks.contains(mark))?),
        }
    }
}

impl InChannel {
    /// Of a channel that does not take it, by what the steps say.
    pub(super) fn kept_out(config: &Config, step: &Value) -> Option<Self> {
        let rule_id = step["rule_id"].as_str().unwrap_or_default().to_owned();
        let (outcome, silenced, grouping) = match step["outcome"].as_str() {
            Some("dropped") => ("dropped", false, format!("drop rule {rule_id} keeps it out")),
            Some("discarded") => ("discarded", true, format!("silence rule {rule_id} discards it")),
            _ => return None,
        };
        let channel_id = step["channel_id"].as_i64().unwrap_or_default();
        Some(Self { outcome, silenced, rule_id, grouping, ..Self::named(config, channel_id) })
    }

    fn named(config: &Config, channel_id: i64) -> Self {
        let channel_name = config.channel(channel_id).map_or_else(String::new, |channel| channel.name.clone());
        Self { channel_id, channel_name, ..Self::default() }
    }

    /// Of a channel that takes it. `inhibiting`: which rule is meant by a mark.
    pub(super) fn of(
        config: &Config,
        channel_id: i64,
        status: Status,
        outlook: &Outlook,
        inhibiting: &[(u64, String)],
        joins: &Joins<'_>,
    ) -> Self {
        let mut told = Self::named(config, channel_id);
        told.flapping = outlook.flaps;
        told.alert_id = outlook.before.as_ref().map(|alert| alert.alert_id.clone());
        if let Some((mark, by)) = &outlook.inhibitor {
            let rule = inhibiting.iter().find(|(known, _)| known == mark);
            told.rule_id = rule.map(|(_, rule)| rule.clone()).unwrap_or_default();
            (told.inhibited, told.inhibited_by) = (true, by.clone());
        }
        if let Some(muted) = &outlook.muted {
            told.muted_until = Some(muted.until);
            match muted.by {
                MutedBy::Silence => (told.silenced, told.rule_id) = (true, muted.rule_id.clone()),
                MutedBy::Inhibit => told.inhibited = true,
                MutedBy::Flapping => told.flapping = true,
            }
        }
        let opens = told.opens(outlook);
        if let Some(incident) = outlook.incident.as_ref().filter(|_| !opens) {
            (told.incident_id, told.num) = (Some(incident.incident_id.clone()), Some(incident.num()));
        }
        (told.outcome, told.grouping) = match (&outlook.before, &outlook.after, &outlook.incident) {
            (None, ..) if status == Status::Ok => ("nothing", "no open alert has its key: nothing to close".to_owned()),
            (Some(alert), _, incident) if status == Status::Ok => ("recovers", recovers(alert, incident.as_ref())),
            _ if outlook.discarded => ("discarded", format!("{}: it neither opens nor changes anything", told.muter())),
            (_, _, None) => ("muted", format!("{}: it is kept and marked, and in no incident", told.muter())),
            (Some(before), Some(after), Some(incident)) if !before.incident_id.is_empty() => {
                let id = &incident.incident_id;
                let sentence = format!("has the key of open alert {}, so it belongs to incident {id}", before.alert_id);
                let marked = told.muted_until.map(|_| format!("; it is marked: {}", told.muter()));
                let outcome = if before.event_cnt == after.event_cnt { "unchanged" } else { "changes" };
                (outcome, sentence + &marked.unwrap_or_default())
            }
            (before, ..) if opens => {
                let was_muted =
                    before.as_ref().map(|alert| format!("alert {} is muted no more and makes", alert.alert_id));
                let makes = was_muted.unwrap_or("opens an alert with".to_owned());
                ("opens", format!("{makes} an incident of its own: {}", why(joins.grouping)))
            }
            (_, _, Some(incident)) => {
                told.joined_by = joins.common(incident).cloned();
                let by = equal_on(told.joined_by.as_ref(), incident.group_method());
                ("joins", format!("joins incident {}: {by}", incident.incident_id))
            }
        };
        told
    }

    /// Whether it would make the incident that would hold it.
    fn opens(&self, outlook: &Outlook) -> bool {
        let was_in_none = outlook.before.as_ref().is_none_or(|before| before.incident_id.is_empty());
        let first = outlook.incident.as_ref().map(|incident| &incident.first_alert_id);
        was_in_none && first.is_some() && first == outlook.after.as_ref().map(|alert| &alert.alert_id)
    }

    /// What mutes it.
    fn muter(&self) -> String {
        if self.inhibited {
            let alert = self.inhibited_by.as_ref().map_or("another alert".to_owned(), |id| format!("alert {id}"));
            return format!("{alert} inhibits it by {}", rule(&self.rule_id));
        }
        if self.silenced { format!("silence {}", rule(&self.rule_id)) } else { "its key flaps".to_owned() }
    }
}

/// A rule by its id, as sentences name it.
fn rule(rule_id: &str) -> String {
    if rule_id.starts_with("pipeline ") { rule_id.to_owned() } else { format!("rule {rule_id}") }
}

fn recovers(alert: &Alert, incident: Option<&Incident>) -> String {
    match incident {
        None => format!("closes alert {}, which is in no incident", alert.alert_id),
        Some(incident) => {
            let over = if incident.is_open() { "" } else { ", and the incident with it" };
            format!("closes alert {} of incident {}{over}", alert.alert_id, incident.incident_id)
        }
    }
}

/// Why an alert makes an incident of its own.
fn why(grouping: Option<&Grouping>) -> &'static str {
    match grouping.map(|grouping| grouping.texts.is_some()) {
        None => "nothing groups it with others",
        Some(true) => "no open one that is alike enough takes it in",
        Some(false) => "no open one with its values takes it in",
    }
}

/// By what an alert joins an incident.
fn equal_on(values: Option<&Value>, method: char) -> String {
    let pairs = values.and_then(Value::as_object).into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key} = {}", Shown(value.as_str().unwrap_or_default()))).collect();
    match method {
        'i' => "alike by what the channel compares".to_owned(),
        _ if pairs.is_empty() => "equal by a rule of the channel".to_owned(),
        _ => format!("equal on {}", pairs.join(", ")),
    }
}

/// What became of an alert that is there. `joins`: what its channel says of it now.
pub(super) fn stored(alert: &Alert, document: Option<&ClosedIncident>, joins: &Joins<'_>) -> Value {
    let Alert { alert_id, incident_id, alert_status, ever_muted, .. } = alert;
    let mut told = json!({"alert_id": alert_id, "incident_id": incident_id, "alert_status": alert_status,
        "ever_muted": ever_muted});
    if let Some(muted) = &alert.muted {
        told["muted"] = json!({"by": muted.by, "until": muted.until, "rule_id": muted.rule_id});
    }
    let Some(ClosedIncident { incident, feed, .. }) = document else {
        let grouping =
            if alert.muted.is_some() { "it is muted, and in no incident" } else { "it was never in an incident" };
        told["grouping"] = json!(grouping);
        return told;
    };
    told["num"] = json!(incident.num());
    let merges: Vec<&Value> = feed.iter().filter(|item| item.kind == "i_merge").map(|item| &item.detail).collect();
    let names_it = |ids: &Value| ids.as_array().is_some_and(|ids| ids.iter().any(|id| id == alert_id));
    let method = incident.group_method();
    let grouping = if merges.iter().any(|detail| names_it(&detail["alert_ids"])) {
        "people moved it into the incident".to_owned()
    } else if incident.first_alert_id == *alert_id {
        let why = match method {
            'n' => "nothing groups it with others",
            'i' => "no open one that was alike enough took it in",
            _ => "no open one with its values took it in",
        };
        format!("opened the incident: {why}")
    } else if let Some(common) = joins.common(incident) {
        told["joined_by"] = common.clone();
        format!("joined the incident: {}", equal_on(Some(common), method))
    } else if incident.integration_id == 0 || !merges.is_empty() {
        "came into the incident when people merged others into it".to_owned()
    } else {
        format!("joined the incident: {}", equal_on(None, method))
    };
    told["grouping"] = json!(grouping);
    told
}
