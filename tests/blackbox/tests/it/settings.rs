//! The configuration changed by call while everything runs.

use std::time::Duration;

use blackbox::{Client, Deployment, Options, Receiver};
use serde_json::{Value, json};

fn done(client: &Client, path: &str, body: &Value) -> Value {
    let answer = client.call(path, body).expect("answered");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body["data"].clone()
}

#[test]
fn what_is_changed_by_call_counts_in_every_component_within_a_second_and_after_a_kill() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let options = Options { receivers: vec![receiver.url.clone()], tick: true, ..Options::default() };
    let Some(mut deployment) = Deployment::start(options) else { return };
    let client = &deployment.client;
    // All components have begun, with the file.
    assert_eq!(
        client.push(&json!({"event_status": "Critical", "title_rule": "before"})).expect("answered").status,
        200
    );
    assert_eq!(receiver.wait(20, |received| !received.is_empty())[0].event_type(), "i_new");
    assert_eq!(done(client, "/config/info", &json!({}))["from"], "file");

    let channel = done(client, "/channel/create", &json!({"channel_name": "network"}))["channel_id"].clone();
    let integration = json!({"integration_name": "probes", "kind": "private", "channel_id": channel});
    let path = done(client, "/integration/create", &integration)["push_path"].as_str().expect("a path").to_owned();
    std::thread::sleep(Duration::from_millis(1100));
    let alert = json!({"event_status": "Critical", "title_rule": "after"}).to_string();
    let pushed = client.send("POST", &path, "application/json", alert.as_bytes()).expect("answered");
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    let received = receiver.wait(20, |received| received.len() > 1);
    assert_eq!(received[1].body["incident"]["channel_name"], "network", "whoever delivers knows the channel");

    deployment.restart();
    let client = &deployment.client;
    let info = done(client, "/config/info", &json!({}));
    assert_eq!((&info["version"], &info["from"], &info["file_changed"]), (&json!(3), &json!("stored"), &json!(false)));
    let pushed = client.send("POST", &path, "application/json", alert.as_bytes()).expect("answered");
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    let taken = done(client, "/config/apply", &json!({"source": "file", "version": 3}));
    assert_eq!(taken["version"], 4);
    // Intake looks after its answers.
    let refused = client.wait(20, |client| {
        let pushed = client.send("POST", &path, "application/json", alert.as_bytes()).expect("answered");
        (pushed.status == 400).then_some(())
    });
    assert!(refused.is_some(), "the key is gone");
}
