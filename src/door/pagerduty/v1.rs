//! PagerDuty's Events API v1, which knows neither severity nor source: only a description, and details of any kind.
//!
//! The severity is what the details say under a name that is common for it, else `Warning`.

use serde_json::{Map, Value};

use super::{Action, action, detail, firing, identity, image, link, missing, objects, summarise};
use crate::door::alertmanager::{add_label, plain};
use crate::door::severity;
use crate::intake::{Draft, Status};

/// Reads an event; what is wrong with it goes to `errors`.
pub fn read(event: &Map<String, Value>, errors: &mut Vec<String>) -> (Option<Action>, String, Draft) {
    let action = action(event, "event_type", errors);
    let incident_key = identity(event, "incident_key", action, errors);
    if action == Some(Action::Trigger) && plain(event, "description").trim().is_empty() {
        errors.push(missing("description"));
    }
    (action, incident_key, draft(event, action))
}

fn draft(event: &Map<String, Value>, action: Option<Action>) -> Draft {
    let mut draft = Draft::default();
    for name in ["client", "client_url"] {
        add_label(&mut draft, name, &plain(event, name));
    }
    let is_image = |fields: &&Map<String, Value>| plain(fields, "type").eq_ignore_ascii_case("image");
    for (nth, fields) in objects(event, "contexts").filter(|fields| !is_image(fields)).enumerate() {
        link(&mut draft, nth, fields);
    }
    for fields in objects(event, "contexts").filter(is_image) {
        image(&mut draft, fields);
    }
    let mut details = Draft::default();
    detail(&mut details, event, "details");
    let severity = severity::of_labels(&details.labels);
    draft.status = if action == Some(Action::Resolve) { Status::Ok } else { firing(severity.name()) };
    summarise(&mut draft, plain(event, "description"));
    if !details.description.is_empty() {
        draft.description = details.description;
    }
    for (name, value) in &details.labels {
        add_label(&mut draft, name, value);
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::super::{Push, Version, read};
    use super::*;
    use serde_json::json;

    fn push(body: Value) -> Push {
        read(&body).expect("taken")
    }

    fn full() -> Value {
        json!({
            "service_key": "k", "event_type": "trigger", "incident_key": "srv01/HTTP",
            "description": "FAILURE of srv01", "client": "Monitor", "client_url": "https://m.example.net",
            "details": {"ping time": "1500ms", "load avg": 0.75, "severity": "critical"},
            "contexts": [{"type": "link", "href": "https://r.example.net", "text": "Runbook"},
                {"type": "image", "src": "https://img.example.net/1.png"}, {"type": "link", "href": "https://d.example.net"}]
        })
    }

    #[test]
    fn a_trigger_is_read_with_all_that_comes_with_it() {
        let push = push(full());
        assert_eq!((push.version, push.action, push.dedup_key.as_str()), (Version::V1, Action::Trigger, "srv01/HTTP"));
        let draft = push.draft;
        assert_eq!((draft.status, draft.title.as_str()), (Status::Critical, "FAILURE of srv01"));
        assert_eq!(draft.labels["ping time"], "1500ms");
        assert_eq!(draft.labels["link_2"], "https://d.example.net");
        assert_eq!(draft.images.len(), 1);
    }

    #[test]
    fn the_severity_is_what_the_details_say_and_else_a_warning() {
        let status = |details: Value| {
            let mut body = full();
            body["details"] = details;
            push(body).draft.status
        };
        assert_eq!(status(json!({"priority": "P1"})), Status::Critical);
        assert_eq!(status(json!({"num_firing": "1"})), Status::Warning);
        assert_eq!(status(json!({"severity": "ok"})), Status::Info);
        assert_eq!(status(json!(null)), Status::Warning);
        assert_eq!(status(json!("as a text")), Status::Warning);
    }

    #[test]
    fn a_resolve_needs_a_key_and_no_more() {
        let mut body = full();
        body["event_type"] = json!("resolve");
        body["description"] = json!(null);
        let draft = push(body.clone()).draft;
        assert_eq!((draft.status, draft.alert_key.as_str()), (Status::Ok, "srv01/HTTP"));
        body["incident_key"] = json!("");
        assert_eq!(read(&body).expect_err("refused"), ["'incident_key' is missing or blank"]);
    }

    #[test]
    fn a_trigger_must_be_described() {
        let errors = read(&json!({"service_key": "k", "event_type": "trigger", "description": " "}));
        assert_eq!(errors.expect_err("refused"), ["'description' is missing or blank"]);
        let errors = read(&json!({"service_key": "k"})).expect_err("refused");
        assert_eq!(errors, ["'event_type' is missing or blank"]);
    }
}
