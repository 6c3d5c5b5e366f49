//! The calls that ask.

use serde_json::{Value, json};

use super::Test;
use super::run::{Problem, Run, holds, now_s, same};

const SECTION: &str = "Open API, asking";

/// The checks.
pub const TESTS: &[Test] = &[
    (SECTION, "/incident/info and /incident/list-by-ids say the same", info),
    (SECTION, "/incident/list filters and has pages", list),
    (SECTION, "/incident/alert/list and /alert/info", alerts),
    (SECTION, "/incident/feed has the beginning", feed),
    (SECTION, "/alert/explain tells what became of an alert", explain),
    (SECTION, "what is configured is listed", settings),
];

fn info(run: &Run) -> Result<(), Problem> {
    let (_, id) = run.open()?;
    let info = run.call("/incident/info", &json!({"incident_id": id}))?;
    let listed = run.call("/incident/list-by-ids", &json!({"incident_ids": [id]}))?;
    same("the incident", &listed["items"][0], &info)?;
    let has = |field: &&str| info.get(*field).is_some();
    let fields = ["incident_id", "num", "title", "channel_id", "progress", "start_time", "alert_cnt", "responders"];
    match fields.iter().find(|field| !has(field)) {
        None => Ok(()),
        Some(field) => Err(Problem::Wrong(format!("an incident has no {field}"))),
    }
}

fn list(run: &Run) -> Result<(), Problem> {
    let (key, id) = run.open()?;
    let window = |extra: Value| {
        let mut query = json!({"start_time": now_s() - 600, "end_time": now_s() + 600, "labels": {"conformance": key}});
        if let (Some(query), Some(extra)) = (query.as_object_mut(), extra.as_object()) {
            query.extend(extra.clone());
        }
        query
    };
    let found = run.call("/incident/list", &window(json!({"incident_severity": "Info", "progress": "Triggered"})))?;
    same("by label, severity and progress", &found["items"][0]["incident_id"], &id)?;
    same("total", found["total"].as_u64(), Some(1))?;
    let none = run.call("/incident/list", &window(json!({"progress": "Closed"})))?;
    same("of another progress", none["total"].as_u64(), Some(0))?;
    run.open()?;
    let page = json!({"start_time": now_s() - 600, "end_time": now_s() + 600, "limit": 1});
    let page = run.call("/incident/list", &page)?;
    same("items of a page of one", page["items"].as_array().map(Vec::len), Some(1))?;
    same("has_next_page", page["has_next_page"].as_bool(), Some(true))
}

fn alerts(run: &Run) -> Result<(), Problem> {
    let (key, id) = run.open()?;
    let alerts = run.call("/incident/alert/list", &json!({"incident_id": id}))?;
    let alert = &alerts["items"][0];
    same("alert_key", alert["alert_key"].as_str(), Some(key.as_str()))?;
    let info = run.call("/alert/info", &json!({"alert_id": alert["alert_id"]}))?;
    same("alert_id", &info["alert_id"], &alert["alert_id"])
}

fn feed(run: &Run) -> Result<(), Problem> {
    let (_, id) = run.open()?;
    let feed = run.call("/incident/feed", &json!({"incident_id": id, "asc": true}))?;
    same("the first entry", feed["items"][0]["type"].as_str(), Some("i_new"))?;
    let at = feed["items"][0]["created_at"].as_u64().unwrap_or_default();
    holds("created_at is in milliseconds, and about now", at.abs_diff(now_s() * 1000) < 600_000)
}

fn explain(run: &Run) -> Result<(), Problem> {
    let (_, id) = run.open()?;
    let told = run.call("/alert/explain", &json!({"incident_id": id}))?;
    holds("channels are told", told["channels"].as_array().is_some_and(|channels| !channels.is_empty()))
}

fn settings(run: &Run) -> Result<(), Problem> {
    for path in ["/integration/list", "/channel/list", "/field/list", "/member/list", "/team/list", "/webhook/list"] {
        let data = run.call(path, &json!({}))?;
        holds(&format!("{path} has items"), data["items"].is_array())?;
    }
    run.call("/member/info", &json!({})).map(drop)
}
