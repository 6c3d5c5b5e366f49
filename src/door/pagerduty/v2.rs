//! PagerDuty's Events API v2: what happens, to which alert, and a `payload` that describes it.
//!
//! PagerDuty refuses a trigger without summary, source and severity, so no sender leaves them out, and so they are
//! asked for here. Its limits on their length are not: what is too long is cut.

use serde_json::{Map, Value};

use super::{Action, action, detail, firing, identity, image, link, missing, objects, summarise};
use crate::door::alertmanager::{add_label, plain};
use crate::door::rfc3339;
use crate::intake::{Draft, Status};

/// Reads an event; what is wrong with it goes to `errors`.
pub fn read(event: &Map<String, Value>, errors: &mut Vec<String>) -> (Option<Action>, String, Draft) {
    let action = action(event, "event_action", errors);
    let dedup_key = identity(event, "dedup_key", action, errors);
    let none = Map::new();
    let payload = match event.get("payload") {
        Some(Value::Object(payload)) => payload,
        None | Some(Value::Null) => &none,
        Some(_) => {
            errors.push("'payload' must be an object".to_owned());
            &none
        }
    };
    if action == Some(Action::Trigger) {
        let blank = |name: &&str| plain(payload, name).trim().is_empty();
        let blank = ["summary", "source", "severity"].into_iter().filter(blank);
        errors.extend(blank.map(|name| missing(&format!("payload.{name}"))));
    }
    (action, dedup_key, draft(event, payload, action))
}

fn draft(event: &Map<String, Value>, payload: &Map<String, Value>, action: Option<Action>) -> Draft {
    let secs = rfc3339::unix_secs(&plain(payload, "timestamp")).and_then(|secs| u64::try_from(secs).ok());
    let resolved = action == Some(Action::Resolve);
    let mut draft = Draft {
        status: if resolved { Status::Ok } else { firing(&plain(payload, "severity")) },
        event_time: secs.filter(|secs| *secs > 0),
        ..Draft::default()
    };
    summarise(&mut draft, plain(payload, "summary"));
    for name in ["source", "component", "group", "class"] {
        add_label(&mut draft, name, &plain(payload, name));
    }
    for name in ["client", "client_url"] {
        add_label(&mut draft, name, &plain(event, name));
    }
    for (nth, fields) in objects(event, "links").enumerate() {
        link(&mut draft, nth, fields);
    }
    for fields in objects(event, "images") {
        image(&mut draft, fields);
    }
    detail(&mut draft, payload, "custom_details");
    draft
}

#[cfg(test)]
mod tests {
    use super::super::{Push, Version, read};
    use super::*;
    use serde_json::json;

    fn full() -> Value {
        json!({
            "routing_key": "k", "event_action": "trigger", "dedup_key": "db-3/disk",
            "client": "Monitor", "client_url": "https://m.example.net",
            "payload": {"summary": "Disk of db-3 is full", "source": "db-3", "severity": "critical",
                "timestamp": "2026-11-20T07:12:56.412+0000", "component": "disk", "group": "storage", "class": "space",
                "custom_details": {"used": 97.2, "mounts": ["/", "/var"], "note": "", "source": "other"}},
            "links": [{"href": "https://r.example.net", "text": "Runbook"}, {"href": "https://d.example.net"}],
            "images": [{"src": "https://img.example.net/1.png"}, {"src": "https://img.example.net/2.png", "alt": "b"}]
        })
    }

    fn push(body: Value) -> Push {
        read(&body).expect("taken")
    }

    #[test]
    fn a_trigger_is_read_with_all_that_comes_with_it() {
        let push = push(full());
        assert_eq!((push.version, push.action, push.dedup_key.as_str()), (Version::V2, Action::Trigger, "db-3/disk"));
        let draft = push.draft;
        assert_eq!((draft.status, draft.title.as_str()), (Status::Critical, "Disk of db-3 is full"));
        assert_eq!((draft.alert_key.as_str(), draft.event_time), ("db-3/disk", Some(1_795_158_776)));
        let labels: Vec<_> = draft.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            labels,
            [
                "class=space",
                "client=Monitor",
                "client_url=https://m.example.net",
                "component=disk",
                "group=storage",
                "link=Runbook: https://r.example.net",
                "link_2=https://d.example.net",
                r#"mounts=["/","/var"]"#,
                "source=db-3",
                "used=97.2"
            ]
        );
        let alts: Vec<_> = draft.images.iter().map(|image| image.alt.as_str()).collect();
        assert_eq!(alts, ["image 1", "b"]);
    }

    #[test]
    fn a_resolve_may_come_with_the_whole_payload_or_none() {
        let mut body = full();
        body["event_action"] = json!("resolve");
        let with = push(body).draft;
        assert_eq!((with.status, with.title.as_str()), (Status::Ok, "Disk of db-3 is full"));
        let without = push(json!({"event_action": "resolve", "dedup_key": "k", "payload": null}));
        assert_eq!((without.draft.status, without.draft.alert_key.as_str()), (Status::Ok, "k"));
    }

    #[test]
    fn an_acknowledge_needs_no_payload() {
        assert_eq!(push(json!({"event_action": "acknowledge", "dedup_key": "k"})).action, Action::Acknowledge);
    }

    #[test]
    fn without_a_key_the_same_trigger_gets_the_same_one() {
        let origin = crate::filter::Origin { id: 9001, name: "i", kind: "pagerduty" };
        let key = |used: f64| {
            let mut body = full();
            body["dedup_key"] = json!(null);
            body["payload"]["custom_details"]["used"] = json!(used);
            let push = push(body);
            assert_eq!(push.dedup_key, "");
            push.draft.seal(origin).expect("sealed").alert_key
        };
        assert_eq!(key(97.2), key(97.2));
        assert_ne!(key(97.2), key(97.3));
    }

    #[test]
    fn a_summary_that_the_title_cannot_hold_is_the_description() {
        let mut body = full();
        body["payload"]["summary"] = json!("é".repeat(1025));
        assert_eq!(push(body.clone()).draft.description.chars().count(), 1025);
        body["payload"]["custom_details"] = json!("In detail.");
        assert_eq!(push(body).draft.description, "In detail.");
    }

    #[test]
    fn odd_parts_of_a_trigger_do_not_lose_it() {
        let mut body = full();
        body["payload"]["severity"] = json!("purple");
        body["payload"]["timestamp"] = json!("yesterday");
        body["payload"]["custom_details"] = json!([1, "two"]);
        body["links"] = json!("none");
        body["images"] = json!([7, {"alt": "no source"}]);
        let draft = push(body).draft;
        assert_eq!((draft.status, draft.event_time), (Status::Warning, None));
        assert_eq!(draft.labels["custom_details"], r#"[1,"two"]"#);
    }
}
