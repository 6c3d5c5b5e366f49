//! What may be done with a key: each call with each role; and that nothing that leaves shows a secret.

use alarum::api::{ACTS, ALERTS, CONFIGS, INCIDENTS, SETTINGS, WEBHOOKS};
use alarum::settings::edits::{EDITS, LISTS};
use serde_json::{Value, json};

use crate::support::{APP_KEY, DEMO, World, request};

const KEYS: [(&str, &str); 3] = [
    ("read", "reading-key-0123456789"),
    ("operate", "operating-key-0123456789"),
    ("administer", "administering-key-01234"),
];

fn config() -> String {
    let keys =
        KEYS.map(|(role, key)| format!("\n[[app_keys]]\nname = \"{role}\"\nkey = \"{key}\"\nrole = \"{role}\"\n"));
    format!("{DEMO}{}", keys.concat())
}

/// The role that a call needs, by its number.
fn needed(path: &str) -> usize {
    let acts = ["/webhook/test", "/webhook/pause", "/webhook/resume", "/webhook/replay"];
    match path {
        "/key/list" => 2,
        path if CONFIGS.contains(&path) || EDITS.contains(&path) => 2,
        path if ACTS.contains(&path) || acts.contains(&path) => 1,
        _ => 0,
    }
}

fn paths() -> Vec<&'static str> {
    let all = [&INCIDENTS[..], &ACTS, &ALERTS, &SETTINGS, &WEBHOOKS, &CONFIGS, &EDITS, &LISTS].concat();
    // That one asks for the key of an integration.
    all.into_iter().filter(|path| *path != "/channel/list-by-integration").collect()
}

#[test]
fn each_call_is_for_its_role_and_those_above() {
    let config = config();
    for path in paths() {
        for (nth, (role, key)) in KEYS.into_iter().enumerate() {
            let world = World::by_stored(&config);
            let (status, answer) = world.call_raw(request("POST", &format!("{path}?app_key={key}"), "{}"));
            let denied = status == 403 && answer["error"]["code"] == "AccessDenied";
            assert_eq!(denied, nth < needed(path), "{path} with {role}: {answer}");
            assert!(!denied || world.cluster.store.keys().is_empty(), "{path} with {role} stored something");
        }
        let world = World::by_stored(&config);
        let (status, _) = world.call_raw(request("POST", &format!("{path}?app_key=nobodys-key-0123456789"), "{}"));
        assert_eq!(status, 401, "{path}");
    }
}

#[test]
fn a_key_without_a_role_operates() {
    let world = World::by_stored(&DEMO.replace("role = \"administer\"\n", ""));
    assert_eq!(world.call("/incident/list", &json!({"incident_ids": ["x"]})).0, 200);
    let (status, answer) = world.call("/config/info", &json!({}));
    let message = "the role of the app key is operate, the call needs administer";
    assert_eq!((status, &answer["error"]["message"]), (403, &json!(message)));
}

/// Whatever is answered, logged or listed: no key, no hash of one, no signing secret, no value of a header.
#[test]
fn no_answer_and_no_line_of_the_log_shows_a_secret() {
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let more = format!(
        "old_secret = \"{secret}\"\nheaders = {{ x-token = \"header-s3cret\" }}\nurl = \"https://hooks.example.net/alarum?token=query-s3cret\""
    );
    let config = config().replace("url = \"https://hooks.example.net/alarum\"", &more);
    let config = format!("{config}\n[tick]\nkey = \"tick-key-0123456789\"\n");
    let mut world = World::by_stored(&config);
    world.fire("a");
    let mut left = Vec::new();
    let mut ask = |path: &str, body: Value| {
        let (_, answer) = world.call(path, &body);
        left.push(answer.to_string());
        answer["data"].clone()
    };
    let export = ask("/config/export", json!({}));
    let mut broken = export["document"].clone();
    broken["integrations"][0]["key"] = json!(["another-s3cret-0123456789"]);
    broken["subscriptions"][0]["secret"] = json!({"a": "another-s3cret-0123456789"});
    for document in [export["document"].clone(), broken] {
        for path in ["/config/check", "/config/preview", "/config/apply"] {
            ask(path, json!({"document": document, "version": 0}));
        }
    }
    ask("/config/apply", json!({"toml": config.replace("reading-key", "another-s3cret"), "version": 0}));
    ask("/config/apply", json!({"toml": format!("x = \n{config}"), "version": 2}));
    ask("/config/restore", json!({"version": 1}));
    ask("/config/compare", json!({"from": 1, "to": 2}));
    for path in ["/config/info", "/config/history/list", "/config/export"] {
        ask(path, json!({}));
    }
    for path in LISTS.into_iter().chain(SETTINGS).chain(WEBHOOKS) {
        ask(path, json!({"channel_id": 101, "integration_id": 9002}));
    }
    left.extend(world.cluster.log.borrow().iter().cloned());
    assert!(left.len() > 40);
    let stored = world.cluster.store.value("alarum:1:config").expect("it is there");
    let root: Value = serde_json::from_slice(&stored).expect("a JSON value");
    let hashes = root["document"]["app_keys"].as_array().expect("keys").iter().map(|key| key["hash"].to_string());
    let known = ["0123456789\"", "-0123456789", "-01234\"", "s3cret", "whsec_", "sha256:", APP_KEY].map(str::to_owned);
    for text in &left {
        for secret in known.iter().cloned().chain(hashes.clone()) {
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }
}
