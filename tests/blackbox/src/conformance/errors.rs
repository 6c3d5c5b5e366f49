//! What is refused: with which status, which code, in which form; and that it changes nothing.

use super::Test;
use super::run::{Problem, Run, STANDARD, alert, holds, same};

const SECTION: &str = "Errors";
const JSON: &str = "application/json";

/// The checks.
pub const TESTS: &[Test] = &[
    (SECTION, "a missing title: 400 InvalidParameter", |run| {
        push(run, br#"{"event_status":"Info"}"#, (400, "InvalidParameter"))
    }),
    (SECTION, "an unknown status: 400 InvalidParameter", |run| {
        push(run, br#"{"event_status":"Fatal","title_rule":"t"}"#, (400, "InvalidParameter"))
    }),
    (SECTION, "broken JSON: 400 InvalidParameter", |run| push(run, br#"{"event_status""#, (400, "InvalidParameter"))),
    (SECTION, "an empty array: 400 InvalidParameter", |run| push(run, b"[]", (400, "InvalidParameter"))),
    (SECTION, "no UTF-8: 400 InvalidParameter", |run| {
        push(run, b"{\"event_status\":\"\xff\",\"title_rule\":\"t\"}", (400, "InvalidParameter"))
    }),
    (SECTION, "another content type: 400 InvalidContentType", content_type),
    (SECTION, "an unknown integration key: 400 InvalidParameter", integration_key),
    (SECTION, "a body over 1 MiB: 413 EntityTooLarge", too_large),
    (SECTION, "a wrong method: 405 MethodNotAllowed", method),
    (SECTION, "an unknown path: 404 RouteNotFound", path),
    (SECTION, "a missing or unknown app key: 401 Unauthorized", app_key),
    (SECTION, "a missing parameter of a call: 400 InvalidParameter", parameter),
    (SECTION, "an unknown incident: 400 ResourceNotFound", unknown),
    (SECTION, "what is refused changes nothing", nothing),
];

type Wanted = (u16, &'static str);

fn refused(run: &Run, request: (&str, &str, &str, &[u8]), wanted: Wanted) -> Result<(), Problem> {
    let (method, target, content_type, body) = request;
    let client = if target.starts_with("/event/") { &run.pusher } else { &run.client };
    let answer = client.send(method, target, content_type, body)?;
    same("status and code", (answer.status, answer.code()), wanted)?;
    let message = answer.body["error"]["message"].as_str().unwrap_or_default();
    holds("a refusal has a message and no data", !message.is_empty() && answer.body.get("data").is_none())?;
    let in_header = answer.request_id.as_deref().is_some_and(|id| answer.body["request_id"] == id);
    holds("a refusal has its request id, in body and header", in_header)
}

fn push_target(run: &Run) -> String {
    format!("{STANDARD}?integration_key={}", run.pusher.push_key)
}

fn push(run: &Run, body: &[u8], wanted: Wanted) -> Result<(), Problem> {
    refused(run, ("POST", &push_target(run), JSON, body), wanted)
}

fn content_type(run: &Run) -> Result<(), Problem> {
    let body = alert(&run.key(), "Info").to_string();
    refused(run, ("POST", &push_target(run), "text/plain", body.as_bytes()), (400, "InvalidContentType"))
}

fn integration_key(run: &Run) -> Result<(), Problem> {
    let body = alert(&run.key(), "Info").to_string();
    let target = format!("{STANDARD}?integration_key=no-such-key-0123456789");
    refused(run, ("POST", &target, JSON, body.as_bytes()), (400, "InvalidParameter"))?;
    refused(run, ("POST", STANDARD, JSON, body.as_bytes()), (400, "InvalidParameter"))
}

fn too_large(run: &Run) -> Result<(), Problem> {
    let mut body = alert(&run.key(), "Info");
    body["description"] = "d".repeat(1_100_000).into();
    push(run, body.to_string().as_bytes(), (413, "EntityTooLarge"))
}

fn method(run: &Run) -> Result<(), Problem> {
    refused(run, ("GET", &push_target(run), JSON, b""), (405, "MethodNotAllowed"))?;
    refused(run, ("GET", "/incident/list", JSON, b""), (405, "MethodNotAllowed"))
}

fn path(run: &Run) -> Result<(), Problem> {
    refused(run, ("POST", "/event/push/alert/no-such-door", JSON, b"{}"), (404, "RouteNotFound"))?;
    refused(run, ("POST", "/no/such/path", JSON, b"{}"), (404, "RouteNotFound"))
}

fn app_key(run: &Run) -> Result<(), Problem> {
    for path in ["/incident/list", "/incident/ack", "/channel/list", "/webhook/list", "/alert/info"] {
        refused(run, ("POST", path, JSON, b"{}"), (401, "Unauthorized"))?;
        refused(run, ("POST", &format!("{path}?app_key=no-such-key"), JSON, b"{}"), (401, "Unauthorized"))?;
    }
    Ok(())
}

fn parameter(run: &Run) -> Result<(), Problem> {
    for path in ["/incident/list", "/incident/info", "/incident/ack"] {
        let target = format!("{path}?app_key={}", run.client.app_key);
        refused(run, ("POST", &target, JSON, b"{}"), (400, "InvalidParameter"))?;
    }
    Ok(())
}

fn unknown(run: &Run) -> Result<(), Problem> {
    let target = format!("/incident/info?app_key={}", run.client.app_key);
    let body = br#"{"incident_id": "000000000000000000000000"}"#;
    refused(run, ("POST", &target, JSON, body), (400, "ResourceNotFound"))
}

fn nothing(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    let mut bad = alert(&key, "Info");
    bad["event_status"] = 7.into();
    push(run, bad.to_string().as_bytes(), (400, "InvalidParameter"))?;
    same("incidents", run.incidents(&key)?.len(), 0)
}
