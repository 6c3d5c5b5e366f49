//! What goes over the wire: which paths lead where, and in which form answers and webhooks are sent.

use std::time::Duration;

use blackbox::{Answer, Deployment, Options, Receiver};
use serde_json::{Value, json};

/// The routes of the project's manifest that name one path.
fn exact_routes() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spin.toml");
    let manifest: toml::Table =
        std::fs::read_to_string(path).expect("the manifest").parse().expect("a manifest that is TOML");
    let triggers = manifest["trigger"]["http"].as_array().expect("triggers");
    let routes = triggers.iter().filter_map(|trigger| trigger["route"].as_str());
    routes.filter(|route| !route.ends_with("/...")).map(str::to_owned).collect()
}

fn post(deployment: &Deployment, path: &str) -> Answer {
    deployment.client.send("POST", path, "application/json", b"{}").expect("answered")
}

#[test]
fn every_path_that_the_manifest_names_leads_to_a_component_that_knows_it() {
    let Some(deployment) = Deployment::start(Options { memory: true, ..Options::default() }) else { return };
    let routes = exact_routes();
    assert!(routes.len() > 25, "{routes:?}");
    for route in routes {
        let answer = post(&deployment, &route);
        // Nothing is asked of them but that they know the path: they miss a key, or alerts, or are to be asked by GET.
        assert!([200, 400, 401, 405].contains(&answer.status), "{route}: {} {}", answer.status, answer.body);
        // It is these paths and no others.
        for other in [format!("{route}/more"), route.to_uppercase(), format!("/{route}")] {
            let answer = post(&deployment, &other);
            assert_eq!((answer.status, answer.code()), (404, "RouteNotFound"), "{other}");
        }
    }
}

#[test]
fn answers_and_webhooks_say_how_long_they_are() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let Some(deployment) = Deployment::start(Options { receivers: vec![receiver.url.clone()], ..Options::default() })
    else {
        return;
    };
    let client = &deployment.client;
    let alert = json!({"event_status": "Critical", "title_rule": "größer", "alert_key": "k"});
    let call = |path: &str, body: &Value| client.call(path, body).expect("answered");
    let answers = [
        ("ingest", client.push(&alert).expect("answered")),
        ("api", call("/integration/list", &json!({}))),
        ("fanout", post(&deployment, "/tick")),
        ("courier", call("/webhook/list", &json!({}))),
        ("actions, that refuse", call("/incident/ack", &json!({}))),
    ];
    for (who, answer) in answers {
        let length: Option<usize> = answer.header("content-length").and_then(|length| length.parse().ok());
        assert!(length.is_some_and(|bytes| bytes >= answer.body.to_string().len()), "{who}: {:?}", answer.headers);
        assert_eq!(answer.header("transfer-encoding"), None, "{who}");
    }
    let received = receiver.wait(10, |all| !all.is_empty());
    let webhook = received.first().expect("a webhook");
    assert_eq!(webhook.header("content-length"), Some(webhook.bytes.len().to_string().as_str()));
    assert_eq!(webhook.header("transfer-encoding"), None);
}
