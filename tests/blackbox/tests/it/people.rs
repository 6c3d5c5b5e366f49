//! What people do to an incident by the Open API, from its making to its second life.

use std::collections::BTreeSet;
use std::time::Duration;

use blackbox::{Client, Deployment, Options, Received, Receiver};
use serde_json::{Value, json};

const KEY: &str = "app-key-of-mei-0123456789";

/// Somebody with a key of her own.
fn people() -> String {
    let person = "[[people]]\nid = 41\nname = \"Mei\"\nemail = \"mei@example.net\"\n";
    format!("{person}\n[[app_keys]]\nname = \"Mei\"\nkey = \"{KEY}\"\nperson_id = 41\n")
}

fn done(client: &Client, path: &str, body: &Value) -> Value {
    let answer = client.call(path, body).expect("answered");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body["data"].clone()
}

/// What arrived, each event once: it may be sent again where its acknowledgement was lost.
fn once(received: &[Received]) -> Vec<&Received> {
    let mut seen = BTreeSet::new();
    received.iter().filter(|r| seen.insert(r.body["event_id"].to_string())).collect()
}

#[test]
fn what_people_do_is_told_in_its_order_with_who_did_it() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let options =
        Options { receivers: vec![receiver.url.clone()], integrations: people(), tick: true, ..Options::default() };
    let Some(deployment) = Deployment::start(options) else { return };
    let mut mei = deployment.client.clone();
    mei.app_key = KEY.to_owned();

    let creation = json!({"title": "the shop is slow", "incident_severity": "Warning", "channel_id": 101});
    let id = done(&mei, "/incident/create", &creation)["incident_id"].clone();
    let creation = json!({"title": "orders fail", "incident_severity": "Critical", "channel_id": 101});
    let other = done(&mei, "/incident/create", &creation)["incident_id"].clone();
    let merging = json!({"source_incident_ids": [other], "target_incident_id": id, "comment": "the same disk"});
    let acts = [
        ("/incident/ack", json!({}), "i_ack", "Processing"),
        ("/incident/comment", json!({"comment": "looking"}), "i_comm", "Processing"),
        ("/incident/merge", merging, "i_merge", "Processing"),
        ("/incident/snooze", json!({"minutes": 30}), "i_snooze", "Processing"),
        ("/incident/wake", json!({}), "i_wake", "Processing"),
        ("/incident/resolve", json!({"root_cause": "a slow disk"}), "i_rslv", "Closed"),
        ("/incident/reopen", json!({"reason": "not over"}), "i_reopen", "Triggered"),
    ];
    for (path, body, ..) in &acts {
        let mut body = body.clone();
        body["incident_ids"] = json!([id]);
        done(&mei, path, &body);
    }

    // Who asks sees all of it at once, whatever subscribers know by then.
    let listed = mei.incidents().expect("listed");
    let listed = |id: &Value| listed.iter().find(|incident| incident["incident_id"] == *id).expect("listed");
    assert_eq!(listed(&other)["progress"], "Closed");
    let listed = listed(&id);
    assert_eq!(listed["progress"], "Triggered");
    assert_eq!((&listed["root_cause"], &listed["creator_id"]), (&json!("a slow disk"), &json!(41)));
    let feed = done(&mei, "/incident/feed", &json!({"incident_id": id, "asc": true}));
    let told: Vec<_> = acts.iter().map(|(_, _, event_type, _)| *event_type).collect();
    let kinds: Vec<_> = feed["items"].as_array().expect("items").iter().map(|item| item["type"].as_str()).collect();
    assert_eq!(kinds[0], Some("i_new"));
    assert_eq!(kinds[1..], told.iter().map(|kind| Some(*kind)).collect::<Vec<_>>());

    // Two events are of the one that was merged.
    let received = receiver.wait(20, |all| once(all).len() > acts.len() + 2);
    let (received, of_other): (Vec<_>, Vec<_>) =
        once(&received).into_iter().partition(|event| event.body["incident"]["incident_id"] == id);
    let of_other: Vec<_> = of_other.iter().map(|event| event.event_type()).collect();
    assert_eq!(of_other, ["i_new", "i_rslv"]);
    let expected =
        [("i_new", "Triggered")].into_iter().chain(acts.iter().map(|(_, _, kind, progress)| (*kind, *progress)));
    let mut before = 0;
    for (nth, (kind, progress)) in expected.enumerate() {
        let event = received.get(nth).unwrap_or_else(|| panic!("no {kind} arrived"));
        assert_eq!(event.event_type(), kind, "the {nth}th");
        let incident = &event.body["incident"];
        assert_eq!((&incident["incident_id"], &incident["progress"]), (&id, &json!(progress)), "{kind}");
        let mei = json!({"person_id": 41, "person_name": "Mei", "email": "mei@example.net"});
        assert_eq!(event.body["person"], mei, "{kind}");
        let event_time = event.body["event_time"].as_u64().expect("a time");
        assert!(event_time > before, "{kind}: {event_time} after {before}");
        before = event_time;
    }
    assert_eq!(received.len(), acts.len() + 1);
}
