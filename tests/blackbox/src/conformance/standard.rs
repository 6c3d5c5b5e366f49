//! The standard push: new, merged, recovered, opened again; several at once; what an answer looks like.

use serde_json::json;

use super::Test;
use super::run::{Problem, Run, alert, holds, same, taken};

const SECTION: &str = "Standard push";

/// The checks.
pub const TESTS: &[Test] = &[
    (SECTION, "a new alert makes one incident, to be seen at once", new),
    (SECTION, "a repeat merges", repeat),
    (SECTION, "a recovery closes the incident", recovery),
    (SECTION, "the same key opens a new incident after that", again),
    (SECTION, "several alerts in one array", array),
    (SECTION, "an answer has its request id, in body and header", request_id),
    (SECTION, "a shared integration takes alerts", shared),
];

fn new(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    let answer = run.push(&key, "Info")?;
    same("data.alert_key", answer.body["data"]["alert_key"].as_str(), Some(key.as_str()))?;
    let incident = run.incident(&key)?;
    same("progress", incident["progress"].as_str(), Some("Triggered"))?;
    same("incident_severity", incident["incident_severity"].as_str(), Some("Info"))?;
    same("alert_cnt", incident["alert_cnt"].as_u64(), Some(1))?;
    same("dedup_key", incident["dedup_key"].as_str(), Some(key.as_str()))
}

fn repeat(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    run.push(&key, "Info")?;
    run.push(&key, "Warning")?;
    let incident = run.incident(&key)?;
    same("alert_cnt", incident["alert_cnt"].as_u64(), Some(1))?;
    same("alert_event_cnt", incident["alert_event_cnt"].as_u64(), Some(2))?;
    same("incident_status", incident["incident_status"].as_str(), Some("Warning"))
}

fn recovery(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    run.push(&key, "Info")?;
    run.push(&key, "Ok")?;
    let incident = run.incident(&key)?;
    same("incident_status", incident["incident_status"].as_str(), Some("Ok"))?;
    match incident["progress"].as_str() {
        Some("Closed") => Ok(()),
        _ => {
            Err(Problem::Missing("it recovered and stays open; is disable_auto_close set for the channel?".to_owned()))
        }
    }
}

fn again(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    run.push(&key, "Info")?;
    run.push(&key, "Ok")?;
    if run.incident(&key)?["progress"] != "Closed" {
        return Err(Problem::Missing("incidents of the channel do not close by recovering".to_owned()));
    }
    run.push(&key, "Info")?;
    let found = run.incidents(&key)?;
    same("incidents", found.len(), 2)?;
    let open = found.iter().filter(|incident| incident["progress"] == "Triggered").count();
    same("open ones", open, 1)
}

fn array(run: &Run) -> Result<(), Problem> {
    let keys = [run.key(), run.key(), run.key()];
    let body: Vec<_> = keys.iter().map(|key| alert(key, "Info")).collect();
    let answer = taken(run.pusher.push(&json!(body))?)?;
    let items = answer.body["data"]["items"].as_array().cloned().unwrap_or_default();
    let answered: Vec<_> = items.iter().filter_map(|item| item["alert_key"].as_str()).collect();
    same("data.items", answered, keys.iter().map(String::as_str).collect())?;
    keys.iter().try_for_each(|key| run.incident(key).map(drop))
}

fn request_id(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    let (first, second) = (run.push(&key, "Info")?, run.push(&key, "Ok")?);
    for answer in [&first, &second] {
        let id = answer.body["request_id"].as_str().unwrap_or_default();
        holds("request_id must be a text of 16 to 64 characters", (16..=64).contains(&id.len()))?;
        same("Flashcat-Request-Id", answer.request_id.as_deref(), Some(id))?;
        holds(
            "an answer has data and no error",
            answer.body.get("data").is_some() && answer.body.get("error").is_none(),
        )?;
    }
    holds("two answers have two request ids", first.request_id != second.request_id)
}

fn shared(run: &Run) -> Result<(), Problem> {
    if run.pusher.shared_key.is_empty() {
        return Err(Problem::Missing("no --shared-integration-key was given".to_owned()));
    }
    let key = run.key();
    let mut pusher = run.pusher.clone();
    pusher.push_key.clone_from(&pusher.shared_key);
    taken(pusher.push(&alert(&key, "Info"))?)?;
    let found = run.incidents(&key)?.len();
    taken(pusher.push(&alert(&key, "Ok"))?)?;
    match found {
        0 => Err(Problem::Missing("it was taken; its rules lead such an alert into no incident".to_owned())),
        _ => Ok(()),
    }
}
