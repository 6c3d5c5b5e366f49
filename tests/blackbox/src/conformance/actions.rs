//! What people do: each action, what becomes of the incident, and its place in the timeline.

use serde_json::{Value, json};

use super::Test;
use super::run::{Problem, Run, same};

const SECTION: &str = "Open API, acting";

/// The checks.
pub const TESTS: &[Test] = &[
    (SECTION, "ack, unack, snooze, wake, comment, resolve, reopen, in the timeline", one_after_the_other),
    (SECTION, "merge: the source closes, its alerts move", merge),
    (SECTION, "what cannot be done is refused and does nothing", refused),
];

fn one_after_the_other(run: &Run) -> Result<(), Problem> {
    let (_, id) = run.open()?;
    let acts = [
        ("/incident/ack", json!({}), "i_ack", "Processing"),
        ("/incident/unack", json!({}), "i_unack", "Triggered"),
        ("/incident/snooze", json!({"minutes": 30}), "i_snooze", "Triggered"),
        ("/incident/wake", json!({}), "i_wake", "Triggered"),
        ("/incident/comment", json!({"comment": "by a check"}), "i_comm", "Triggered"),
        ("/incident/resolve", json!({"resolution": "a check"}), "i_rslv", "Closed"),
        ("/incident/reopen", json!({"reason": "a check"}), "i_reopen", "Triggered"),
    ];
    let mut expected = vec!["i_new"];
    for (path, body, event, progress) in acts {
        let mut body = body;
        body["incident_ids"] = json!([id]);
        run.call(path, &body)?;
        let now = run.call("/incident/info", &json!({"incident_id": id}))?;
        // To snooze an incident may count as taking it on.
        if event != "i_snooze" && event != "i_wake" && event != "i_comm" {
            same(&format!("progress after {path}"), now["progress"].as_str(), Some(progress))?;
        }
        expected.push(event);
    }
    let feed = run.call("/incident/feed", &json!({"incident_id": id, "asc": true, "limit": 100}))?;
    let types: Vec<_> =
        feed["items"].as_array().into_iter().flatten().filter_map(|item| item["type"].as_str()).collect();
    let told: Vec<_> = types.iter().copied().filter(|kind| expected.contains(kind)).collect();
    same("the timeline", told, expected)
}

fn merge(run: &Run) -> Result<(), Problem> {
    let ((_, source), (_, target)) = (run.open()?, run.open()?);
    let body = json!({"source_incident_ids": [source], "target_incident_id": target, "comment": "a check"});
    run.call("/incident/merge", &body)?;
    let info = |id: &Value| run.call("/incident/info", &json!({"incident_id": id}));
    same("progress of the source", info(&source)?["progress"].as_str(), Some("Closed"))?;
    same("alert_cnt of the target", info(&target)?["alert_cnt"].as_u64(), Some(2))?;
    let feed = run.call("/incident/feed", &json!({"incident_id": target, "types": ["i_merge"]}))?;
    same("i_merge in the timeline", feed["items"].as_array().map(Vec::len), Some(1))
}

fn refused(run: &Run) -> Result<(), Problem> {
    let (_, id) = run.open()?;
    let before = run.call("/incident/info", &json!({"incident_id": id}))?;
    let unknown = json!({"incident_ids": [id, "000000000000000000000000"]});
    let answer = run.client.call("/incident/ack", &unknown)?;
    same("one of two is unknown", (answer.status, answer.code()), (400, "ResourceNotFound"))?;
    let answer = run.client.call("/incident/snooze", &json!({"incident_ids": [id], "minutes": 0}))?;
    same("a snooze of no time", (answer.status, answer.code()), (400, "InvalidParameter"))?;
    same("the incident", run.call("/incident/info", &json!({"incident_id": id}))?, before)
}
