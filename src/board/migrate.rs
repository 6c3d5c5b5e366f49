//! What version 1 stored, read as this version has it.
//!
//! In version 1 an incident held the statuses of its alerts and its comments; now it holds counts, and comments are
//! entries of its timeline. References to closed incidents say more than they did. What is read so is stored in the new
//! form when it changes.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::archive::ClosedIncident;
use super::head::{FORMAT, Head};
use super::outbox::Event;
use super::page::{self, Page};

/// In how many parts a document of version 1 may stand: its reference does not say.
const PARTS: u32 = 8;

/// A head.
pub fn head<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<Head<T>, String> {
    let mut value = of_version_1(bytes)?;
    for name in ["open", "index", "closed"] {
        if let Some(changes) = value[name]["changes"].as_object_mut() {
            entities(changes);
        }
    }
    if let Some(inline) = value["outbox"]["inline"].as_array_mut() {
        inline.iter_mut().for_each(event);
    }
    value["v"] = json!(FORMAT);
    read(&value)
}

/// A page: it has no version of its own, its entities tell by their shape.
pub fn page(bytes: &[u8]) -> Result<Page, String> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    if let Some(map) = value.as_object_mut() {
        entities(map);
    }
    read(&value)
}

/// The events of a segment of the outbox.
pub fn events(bytes: &[u8]) -> Result<Vec<Event>, String> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    if let Some(events) = value.as_array_mut() {
        events.iter_mut().for_each(event);
    }
    read(&value)
}

/// The document of a closed incident.
pub fn closed(bytes: &[u8]) -> Result<ClosedIncident, String> {
    let mut value = of_version_1(bytes)?;
    let comments = incident(&mut value["incident"]);
    if !comments.is_empty() {
        value["feed"] = comments.into();
    }
    value["v"] = json!(ClosedIncident::FORMAT);
    read(&value)
}

fn of_version_1(bytes: &[u8]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    match value["v"].as_u64() {
        Some(1) => Ok(value),
        Some(v) => Err(format!("format {v} is not known, or not as it should be")),
        None => Err("it has no format".to_owned()),
    }
}

/// By way of text: reading from a [`Value`] would be all the code of reading once more.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    let bytes = serde_json::to_vec(value).map_err(|e| e.to_string())?;
    crate::json::from_slice(&bytes).map_err(|e| e.to_string())
}

fn event(event: &mut Value) {
    incident(&mut event["incident"]);
}

/// Alerts, incidents and references by key.
fn entities(entities: &mut Map<String, Value>) {
    let mut timelines = Vec::new();
    for (key, entity) in entities.iter_mut() {
        if let Some(value) = entity.get_mut("i") {
            let id = key.get(2..).unwrap_or_default();
            let entries = (0..).zip(incident(value));
            timelines.extend(entries.map(|(nth, item)| (page::feed(id, nth), json!({"t": item}))));
        } else if let Some(reference) = entity.get_mut("c").filter(|c| c.get("close_time").is_some()) {
            *reference = json!({"c": reference["close_time"], "v": reference["incident_severity"], "p": PARTS});
        }
    }
    entities.extend(timelines);
}

/// An incident; its comments are returned as entries of its timeline.
fn incident(incident: &mut Value) -> Vec<Value> {
    let Some(fields) = incident.as_object_mut() else {
        return Vec::new();
    };
    // In the form of this version it has none.
    let Some(Value::Object(alerts)) = fields.remove("alerts") else {
        return Vec::new();
    };
    let severity = fields.get("incident_severity").cloned().unwrap_or_default();
    let place = |word: &Value| ["Info", "Warning", "Critical"].iter().position(|known| word == known);
    let (mut recovered, mut active, mut severities) = (0, [0_u32; 3], [0; 3]);
    for status in alerts.values() {
        match place(status).and_then(|nth| active.get_mut(nth)) {
            Some(slot) => *slot += 1,
            None => recovered += 1,
        }
    }
    if let Some(slot) = place(&severity).and_then(|nth| severities.get_mut(nth)) {
        *slot = alerts.len();
    }
    fields.insert("tally".into(), json!({"n": alerts.len(), "o": recovered, "a": active, "s": severities}));
    // An incident of version 1 has one alert.
    fields.insert("alert_ids".into(), alerts.keys().map(String::as_str).collect());
    fields.insert("first_severity".into(), severity);
    let mut entries = Vec::new();
    if let Some(Value::Array(notes)) = fields.remove("notes") {
        for note in notes {
            let detail = json!({"comment": note["comment"], "mute_reply": false,
                "integration_id": note["integration_id"]});
            entries.push(json!({"at": note["at_ms"], "k": "i_comm", "d": detail}));
        }
    }
    fields.insert("feed_cnt".into(), entries.len().into());
    // Then only the alert's recovery closed an incident; its timeline did not say so.
    entries
}
