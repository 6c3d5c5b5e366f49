//! The calls about webhooks, on the components that answer them.

use std::time::Duration;

use blackbox::{Client, Deployment, Options, Received, Receiver};
use serde_json::{Value, json};

fn done(client: &Client, path: &str, body: &Value) -> Value {
    let answer = client.call(path, body).expect("answered");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body["data"].clone()
}

fn push(client: &Client, key: &str) {
    let body = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
    let answer = client.push(&body).expect("answered");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn titles(received: &[Received]) -> Vec<&str> {
    received.iter().filter_map(|r| r.body["incident"]["title"].as_str()).collect()
}

/// The attempts of the last hour, as the history tells them.
fn history(client: &Client) -> Vec<Value> {
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs() * 1000;
    let query = json!({"start_time": now - 3_600_000, "end_time": now + 60_000, "limit": 100, "integration_id": 1});
    done(client, "/webhook/history/list", &query)["items"].as_array().expect("items").clone()
}

#[test]
fn a_subscriber_is_tested_paused_resumed_and_told_again_and_its_history_says_so() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let options = Options { receivers: vec![receiver.url.clone()], tick: true, ..Options::default() };
    let Some(deployment) = Deployment::start(options) else { return };
    let client = &deployment.client;
    let one = json!({"integration_id": 1});
    let status = || done(client, "/webhook/list", &json!({}))["items"][0]["status"].clone();

    let tested = done(client, "/webhook/test", &one);
    assert_eq!((&tested["status"], &tested["status_code"]), (&json!("success"), &json!(200)), "{tested:#}");
    assert_eq!(receiver.received().len(), 1, "the sample is there when the call is answered");
    assert_eq!(history(client), Vec::<Value>::new(), "and not in the history");

    push(client, "first");
    let received = receiver.wait(10, |all| all.len() > 1);
    assert_eq!(titles(&received[1..]), ["first"]);
    let first = received[1].body["event_id"].clone();
    let told = client.wait(10, |client| Some(history(client)).filter(|items| !items.is_empty())).expect("a history");
    assert_eq!((&told[0]["event_id"], &told[0]["status"], told.len()), (&first, &json!("success"), 1), "{told:#?}");
    let detail = done(client, "/webhook/history/detail", &json!({"integration_id": 1, "event_id": first}));
    assert_eq!((&detail["ref_title"], &detail["attempt"]), (&json!("first"), &json!(1)), "{detail:#}");

    done(client, "/webhook/pause", &one);
    assert_eq!(status(), "paused");
    push(client, "second");
    // Time enough for several ticks.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(receiver.received().len(), 2, "a paused subscriber is told nothing");
    done(client, "/webhook/resume", &one);
    let received = receiver.wait(20, |all| all.len() > 2);
    assert_eq!(titles(&received[2..]), ["second"], "what it missed");
    assert_eq!(status(), "healthy");

    done(client, "/webhook/replay", &json!({"integration_id": 1, "event_id": first}));
    let received = receiver.wait(20, |all| all.len() > 3);
    assert_eq!(titles(&received[3..]), ["first"], "what it asked for");
    assert_eq!(received[3].body["event_id"], first, "by the same id");
}
