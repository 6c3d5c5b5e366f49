//! Whatever requests its own description allows, and those that it does not allow: the deployment answers as described.
//! A binary of its own: it loads the machine for minutes, and others have time limits.

use std::path::Path;
use std::time::Duration;

use blackbox::{Client, Deployment, Options, Receiver, Schemathesis};
use serde_json::{Value, json};

const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// What the examples of the description name besides what every deployment has.
const SETTINGS: &str = r#"
[[people]]
id = 42
name = "Ada"
email = "ada@example.net"

[[fields]]
name = "priority"
type = "single_select"
options = ["P1", "P2"]
"#;

/// How many incidents there are to be found.
const INCIDENTS: usize = 24;

#[test]
fn every_answer_is_as_it_is_described() {
    let Some(schemathesis) = Schemathesis::find(Path::new(env!("CARGO_TARGET_TMPDIR"))) else { return };
    let receiver = Receiver::start(200, Duration::ZERO);
    let options = Options {
        receivers: vec![receiver.url.clone()],
        integrations: SETTINGS.to_owned(),
        tick: true,
        memory: true,
        ..Options::default()
    };
    let Some(deployment) = Deployment::start(options) else { return };
    let client = &deployment.client;
    for nth in 0..INCIDENTS {
        let alert = json!({"event_status": "Critical", "title_rule": format!("{nth}"), "labels": {"nth": nth}});
        assert_eq!(client.push(&alert).expect("answered").status, 200);
    }
    let served = client.send("GET", "/openapi.json", "application/json", b"").expect("answered");
    let described: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
    assert_eq!((served.status, &served.body), (200, &described));
    if let Err(found) = schemathesis.run(&with_ids(client), client) {
        panic!("{found}");
    }
}

/// The description, with ids that there are: in its examples, and where ids are asked for.
fn with_ids(client: &Client) -> Value {
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    let incidents = client.incidents().expect("answered");
    let mut ids: Vec<String> = incidents.iter().map(|incident| id(&incident["incident_id"])).collect();
    assert_eq!(ids.len(), INCIDENTS);
    let alerts = client.call("/incident/alert/list", &json!({"incident_id": ids[0]})).expect("answered");
    let alert = id(&alerts.body["data"]["items"][0]["alert_id"]);
    // As the examples have them: an incident, another one, an alert.
    let examples = ["6920a3b04d5e6f708192a3b4", "6920a3f1b7c2d4e5f6071829", "6920a3b0c4d5e6f70819a2b3"];
    let mut text = DESCRIPTION.to_owned();
    for (example, id) in examples.into_iter().zip([&ids[0], &ids[1], &alert]) {
        assert!(text.contains(example), "{example}");
        text = text.replace(example, id);
    }
    ids.push(alert);
    let mut described: Value = serde_json::from_str(&text).expect("JSON");
    described["components"]["schemas"]["GivenId"] = json!({"anyOf": [{"enum": ids}, {"type": "string"}]});
    described
}
