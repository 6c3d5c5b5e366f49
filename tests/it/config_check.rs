//! `/config/check`: all that is wrong with a document, each problem with its line where the document is text.

use serde_json::{Value, json};

use crate::support::{APP_KEY, DEMO, World};

fn data(world: &World, path: &str, body: Value) -> Value {
    let (status, answer) = world.call(path, &body);
    assert_eq!(status, 200, "{path} {body}: {answer}");
    answer["data"].clone()
}

#[test]
fn all_that_is_wrong_is_told_with_its_line() {
    let world = World::by_stored(DEMO);
    let told = |changes: &[(&str, &str)]| {
        let toml = changes.iter().fold(DEMO.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let check = data(&world, "/config/check", json!({"toml": toml}));
        assert_eq!((&check["valid"], &check["problem"]), (&json!(false), &check["problems"][0]["problem"]));
        let line = |problem: &Value| {
            let at = problem["line"].as_u64().and_then(|line| toml.lines().nth(line as usize - 1));
            format!("{} <- {}", at.unwrap_or("nowhere"), problem["problem"].as_str().unwrap_or_default())
        };
        check["problems"].as_array().expect("problems").iter().map(line).collect::<Vec<String>>()
    };
    let weak = "must have at least 16 characters, or be 'sha256:' and 64 hexadecimal digits";
    let several = [
        ("[account]", "[acount]\nid = 1\n[account]"),
        ("id = 100", "id = 101 # twin"),
        ("name = \"storage\"", "name = \"\""),
        ("role = \"administer\"", ""),
        ("timeout_ms = 1000", "timeout_ms = 1"),
        ("key = \"shared-key-0123456789\"", "key = \"x\""),
    ];
    let expected = [
        "[acount] <- acount: there is no such section".to_owned(),
        "name = \"\" <- channels: id 101: name: must have 1 to 59 characters, has 0".to_owned(),
        "id = 101 # twin <- channels: id 101: must be positive and unique".to_owned(),
        "timeout_ms = 1 <- delivery.timeout_ms: must be 100 to 30000, is 1".to_owned(),
        format!("key = \"x\" <- integrations: id 9002: key: {weak}"),
        "[[integrations]] <- integrations: id 9002: there is no channel 100".to_owned(),
        "[[subscriptions]] <- subscriptions: id 1: timeout_ms: must be 100 to 30000, is 1".to_owned(),
        "[[app_keys]] <- app_keys: must have one with the role administer".to_owned(),
    ];
    assert_eq!(told(&several), expected);
    // What cannot be read is all that is told then: what others miss may be in it.
    let unread = [("id = 9001", "id = \"x\""), ("id = 100", "id = true"), ("id = 7", "id = 7\ncolour = 1")];
    let places: Vec<String> =
        told(&unread).iter().map(|it| it.split(" <- ").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(places, ["[[integrations]]", "[[channels]]", "colour = 1"]);
    let file = data(&world, "/config/check", json!({"source": "file"}));
    assert_eq!(file, json!({"valid": true}));
}

#[test]
fn a_document_that_is_no_text_has_no_lines_and_no_more_than_fifty_problems_are_told() {
    let world = World::by_stored(DEMO);
    let mut document = data(&world, "/config/export", json!({}))["document"].clone();
    let channels: Vec<Value> = (1..100).map(|id| json!({"id": id, "name": ""})).collect();
    document["channels"] = json!(channels);
    let check = data(&world, "/config/check", json!({"document": document}));
    let problems = check["problems"].as_array().expect("problems");
    assert_eq!((problems.len(), problems[49].get("line")), (50, None));
    assert_eq!(problems[49]["problem"], "channels: id 50: name: must have 1 to 59 characters, has 0");
    let check = data(&world, "/config/check", json!({"toml": "[[channels]]\nx = = 1"}));
    assert_eq!((&check["section"], &check["problems"][0]["line"]), (&json!("toml"), &json!(2)));
}

#[test]
fn what_exports_show_and_what_is_stored_has_no_key_of_any_section() {
    let metrics = "a-key-for-the-figures-0123456789";
    let world = World::by_stored(&format!("{DEMO}\n[metrics]\nkey = \"{metrics}\"\n"));
    data(&world, "/channel/disable", json!({"channel_id": 101}));
    let export = data(&world, "/config/export", json!({}));
    assert!(!export.to_string().contains(metrics), "{export}");
    for key in world.cluster.store.keys() {
        let value = world.cluster.store.value(&key).expect("a value");
        let value = String::from_utf8_lossy(&value);
        assert!(!value.contains(metrics) && !value.contains(APP_KEY), "{key}");
    }
    let applied = json!({"document": export["document"], "version": export["version"]});
    assert_eq!(data(&world, "/config/apply", applied)["changes"], json!([]), "what an export leaves out is kept");
}

#[test]
fn a_document_with_a_weak_key_is_refused() {
    let world = World::by_stored(DEMO);
    for strong in [APP_KEY, "private-key-0123456789"] {
        let toml = DEMO.replace(strong, "x");
        let (status, answer) = world.call("/config/apply", &json!({"toml": toml, "version": 0}));
        assert_eq!(status, 400, "{answer}");
        assert!(
            answer["error"]["message"].as_str().is_some_and(|it| it.contains("at least 16 characters")),
            "{answer}"
        );
    }
}
