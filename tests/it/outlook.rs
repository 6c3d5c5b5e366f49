//! What an explanation foretells of an alert in its channel, and that just that happens when it comes.

use serde_json::{Value, json};

use super::channel_rules::config;
use crate::support::{DEMO, World, alert};

const INHIBIT: &str = r#"
[[channels.inhibit]]
rule_id = "host"
equals = ["labels.host"]
target_filters = [[{ key = "severity", oper = "IN", vals = ["Warning"] }]]
source_filters = [[{ key = "severity", oper = "IN", vals = ["Critical"] }]]
"#;

const SILENCE: &str = r#"
[[channels.silence]]
rule_id = "works"
filters = [[{ key = "labels.host", oper = "IN", vals = ["db-*"] }]]
time_filter = { start_time = 0, end_time = 4102444800 }
"#;

const GROUP: &str = r#"
[channels.group]
method = "p"
equals = [["labels.rack", "severity"], ["labels.host"]]
all_equals_required = true
"#;

fn explained(world: &World, question: Value) -> Value {
    let keys = world.cluster.store.keys();
    let (status, answer) = world.call("/alert/explain", &question);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(world.cluster.store.keys(), keys, "asking stores nothing");
    answer["data"].clone()
}

/// What is foretold of an alert in channel 101.
fn outlook(world: &World, body: &Value) -> Value {
    let told = explained(world, json!({"integration_id": 9001, "alert": body}));
    assert_eq!(told["channels"].as_array().map(Vec::len), Some(1), "{told:#}");
    told["channels"][0].clone()
}

/// What is told of an alert that is there.
fn stored(world: &World, alert_id: &Value) -> Value {
    explained(world, json!({"alert_id": alert_id}))["stored"].clone()
}

/// Foretells, then lets it come; returns what was foretold and the alert's id.
fn comes(world: &mut World, body: Value) -> (Value, Value) {
    let foretold = outlook(world, &body);
    let incidents = world.incidents().len();
    world.push(body.clone());
    let after = outlook(world, &body);
    let alert_id = after["alert_id"].clone();
    let stored = if alert_id.is_null() { Value::Null } else { stored(world, &alert_id) };
    let made = world.incidents().len() - incidents;
    match foretold["outcome"].as_str().expect("an outcome") {
        "opens" => assert_eq!((made, &after["outcome"]), (1, &json!("unchanged")), "{stored}"),
        "joins" => {
            assert_eq!((made, &stored["incident_id"], &stored["num"]), (0, &foretold["incident_id"], &foretold["num"]))
        }
        "muted" => assert_eq!((made, &stored["incident_id"], &stored["ever_muted"]), (0, &json!(""), &json!(true))),
        "discarded" | "dropped" | "recovers" => assert_eq!((made, &alert_id), (0, &Value::Null)),
        "changes" | "unchanged" => assert_eq!((made, &alert_id), (0, &foretold["alert_id"])),
        other => panic!("{other}"),
    }
    (foretold, alert_id)
}

fn says(told: &Value, outcome: &str, words: &str) {
    let sentence = told["grouping"].as_str().expect("a sentence");
    assert!(told["outcome"] == outcome && sentence.contains(words), "{told:#}");
}

fn on(key: &str, status: &str, host: &str) -> Value {
    alert(status, key, json!({"host": host}))
}

#[test]
fn an_alert_that_another_inhibits_is_told_with_the_rule_and_that_alert() {
    let mut world = World::with_config(&config(INHIBIT));
    let (_, source) = comes(&mut world, on("switch", "Critical", "a"));
    let (told, target) = comes(&mut world, on("link", "Warning", "a"));
    says(&told, "muted", "inhibits it by rule host: it is kept and marked, and in no incident");
    assert_eq!(
        (&told["inhibited"], &told["silenced"], &told["rule_id"]),
        (&json!(true), &json!(false), &json!("host"))
    );
    assert_eq!(told["inhibited_by"], source);
    let kept = stored(&world, &target);
    assert_eq!(
        (&kept["muted"]["by"], &kept["grouping"]),
        (&json!("inhibit"), &json!("it is muted, and in no incident"))
    );
    let (told, _) = comes(&mut world, on("other", "Warning", "b"));
    assert_eq!((&told["outcome"], &told["inhibited"]), (&json!("opens"), &json!(false)));

    let mut world = World::with_config(&config(&format!("{INHIBIT}is_directly_discard = true")));
    let (_, source) = comes(&mut world, on("switch", "Critical", "a"));
    let (told, _) = comes(&mut world, on("link", "Warning", "a"));
    says(&told, "discarded", "it neither opens nor changes anything");
    assert_eq!((&told["rule_id"], &told["inhibited_by"]), (&json!("host"), &source));
}

#[test]
fn inhibition_by_the_pipeline_is_told_by_the_place_of_its_rule() {
    let rules = r#"
[[integrations.pipeline.rules]]
kind = "description_reset"
settings = { description = "d" }

[[integrations.pipeline.rules]]
kind = "alert_inhibit"
if = [[{ key = "severity", oper = "IN", vals = ["Warning"] }]]
settings = { equals = ["labels.host"], source_filters = [[{ key = "severity", oper = "IN", vals = ["Critical"] }]] }
"#;
    let private = "kind = \"private\"\nchannel_id = 101\nkey = \"private-key-0123456789\"\nrate_limit = { per_second = 0, per_minute = 0 }\n";
    assert!(DEMO.contains(private));
    let mut world = World::with_config(&DEMO.replacen(private, &format!("{private}{rules}"), 1));
    let (_, source) = comes(&mut world, on("switch", "Critical", "a"));
    let (told, _) = comes(&mut world, on("link", "Warning", "a"));
    says(&told, "discarded", "inhibits it by pipeline rule 2: it neither");
    assert_eq!((&told["rule_id"], &told["inhibited_by"]), (&json!("pipeline rule 2"), &source));
}

#[test]
fn silences_of_the_channel_and_quick_ones_are_told_by_their_rules() {
    let mut world = World::with_config(&config(SILENCE));
    let (told, kept) = comes(&mut world, on("a", "Critical", "db-1"));
    says(&told, "muted", "silence rule works: it is kept");
    let silenced = (&told["silenced"], &told["rule_id"], &told["muted_until"]);
    assert_eq!(silenced, (&json!(true), &json!("works"), &json!(4_102_444_800_u64)));
    assert_eq!(
        stored(&world, &kept)["muted"],
        json!({"by": "silence", "until": 4_102_444_800_u64, "rule_id": "works"})
    );
    let (_, loud) = comes(&mut world, on("b", "Critical", "web-1"));
    let incident = stored(&world, &loud)["incident_id"].clone();
    let (status, answer) = world.call("/incident/silence", &json!({"incident_id": incident, "seconds": 600}));
    assert_eq!(status, 200, "{answer}");
    let rule_id = &answer["data"]["rule_id"];
    let (told, _) = comes(&mut world, on("c", "Critical", "web-1"));
    assert_eq!((&told["outcome"], &told["silenced"], &told["rule_id"]), (&json!("muted"), &json!(true), rule_id));
    // What is in an incident already stays there and is marked.
    let (told, _) = comes(&mut world, on("b", "Critical", "web-1"));
    says(&told, "unchanged", "; it is marked: silence rule");
    assert_eq!((&told["silenced"], &told["incident_id"]), (&json!(true), &incident));

    let world = World::with_config(&config(&format!("{SILENCE}is_directly_discard = true")));
    let told = outlook(&world, &on("a", "Critical", "db-1"));
    says(&told, "discarded", "silence rule works discards it");
    assert_eq!((&told["silenced"], &told["rule_id"]), (&json!(true), &json!("works")));
}

#[test]
fn a_channel_that_drops_an_alert_is_told_beside_the_others() {
    let drop =
        "[[channels.drop]]\nrule_id = \"test\"\nfilters = [[{ key = \"labels.host\", oper = \"IN\", vals = [\"t\"] }]]";
    let world = World::with_config(&config(drop));
    let told = explained(&world, json!({"integration_id": 9002, "alert": on("a", "Critical", "t")}));
    says(&told["channels"][0], "dropped", "drop rule test keeps it out");
    assert_eq!((&told["channels"][0]["channel_id"], &told["channels"][0]["rule_id"]), (&json!(101), &json!("test")));
    assert_eq!((&told["channels"][1]["channel_id"], &told["channels"][1]["outcome"]), (&json!(100), &json!("opens")));
}

#[test]
fn a_key_that_flaps_is_told() {
    let flapping = "[channels.flapping]\nmax_changes = 2\nin_mins = 60\nmute_mins = 60";
    let mut world = World::with_config(&config(flapping));
    let (told, _) = comes(&mut world, on("a", "Critical", "h"));
    assert_eq!(told["flapping"], false, "not yet");
    let (told, _) = comes(&mut world, on("a", "Ok", "h"));
    says(&told, "recovers", ", and the incident with it");
    assert_eq!(told["flapping"], false, "not yet");
    let (told, _) = comes(&mut world, on("a", "Critical", "h"));
    assert_eq!((&told["outcome"], &told["flapping"]), (&json!("opens"), &json!(true)), "by this very event");
    comes(&mut world, on("a", "Ok", "h"));
    let (told, kept) = comes(&mut world, on("a", "Critical", "h"));
    says(&told, "muted", "its key flaps: it is kept");
    assert_eq!((&told["flapping"], told.get("rule_id")), (&json!(true), None));
    assert_eq!(stored(&world, &kept)["muted"]["by"], "flapping");
    let (told, _) = comes(&mut world, on("a", "Ok", "h"));
    says(&told, "recovers", "which is in no incident");
}

#[test]
fn what_an_alert_joins_is_told_by_the_values_that_both_have() {
    let mut world = World::with_config(&config(GROUP));
    let body = |key: &str, rack: &str, host: &str| alert("Critical", key, json!({"rack": rack, "host": host}));
    let (told, first) = comes(&mut world, body("a", "r1", "h1"));
    says(&told, "opens", "no open one with its values takes it in");
    assert_eq!(stored(&world, &first)["grouping"], "opened the incident: no open one with its values took it in");
    let (told, second) = comes(&mut world, body("b", "r1", "h2"));
    says(&told, "joins", "equal on labels.rack = r1, severity = Critical");
    assert_eq!(told["joined_by"], json!({"labels.rack": "r1", "severity": "Critical"}));
    let kept = stored(&world, &second);
    assert_eq!((&kept["joined_by"], &kept["incident_id"]), (&told["joined_by"], &told["incident_id"]));
    let sentence = "joined the incident: equal on labels.rack = r1, severity = Critical";
    assert_eq!(kept["grouping"], sentence);
    let (told, _) = comes(&mut world, body("c", "r9", "h1"));
    assert_eq!((&told["outcome"], &told["joined_by"]), (&json!("joins"), &json!({"labels.host": "h1"})));
    // One that is there already is no question of groups.
    let (told, _) = comes(&mut world, alert("Warning", "c", json!({"rack": "r9", "host": "h1"})));
    says(&told, "changes", "so it belongs to incident");
    // None of its keys has a value.
    let (told, alone) = comes(&mut world, alert("Critical", "d", json!({})));
    says(&told, "opens", "nothing groups it with others");
    assert_eq!(stored(&world, &alone)["grouping"], "opened the incident: nothing groups it with others");
    // What people did is told as such; and an incident that is closed tells the same.
    let merge = json!({"alert_ids": [alone], "incident_id": kept["incident_id"]});
    assert_eq!(world.call("/alert/merge", &merge).0, 200);
    assert_eq!(stored(&world, &alone)["grouping"], "people moved it into the incident");
    assert_eq!(world.call("/incident/resolve", &json!({"incident_ids": [kept["incident_id"]]})).0, 200);
    world.at(60);
    assert_eq!(stored(&world, &second)["grouping"], sentence);
    let (told, _) = comes(&mut world, body("b", "r1", "h2"));
    says(&told, "opens", "no open one with its values takes it in");
}

#[test]
fn what_is_alike_is_told_with_what_was_compared() {
    let group = "[channels.group]\nmethod = \"i\"\ni_keys = [\"title\", \"labels.host\"]";
    let mut world = World::with_config(&config(group));
    let body = |key: &str, host: &str| json!({"event_status": "Critical", "title_rule": "disk of a web server is full", "alert_key": key, "labels": {"host": host}});
    let (told, first) = comes(&mut world, body("a", "web-1"));
    says(&told, "opens", "no open one that is alike enough takes it in");
    assert_eq!(stored(&world, &first)["grouping"], "opened the incident: no open one that was alike enough took it in");
    let (told, second) = comes(&mut world, body("b", "web-2"));
    says(&told, "joins", "alike by what the channel compares");
    assert_eq!(told["joined_by"], json!({"title": "disk of a web server is full", "labels.host": "web-2"}));
    assert_eq!(stored(&world, &second)["grouping"], "joined the incident: alike by what the channel compares");
}

#[test]
fn what_was_muted_and_is_not_any_more_makes_its_incident_with_the_next_event() {
    let mut world = World::with_config(&config(INHIBIT));
    comes(&mut world, on("switch", "Critical", "a"));
    let (_, target) = comes(&mut world, on("link", "Warning", "a"));
    comes(&mut world, on("switch", "Ok", "a"));
    let (told, same) = comes(&mut world, on("link", "Warning", "a"));
    says(&told, "opens", "is muted no more and makes an incident of its own");
    assert_eq!((&told["alert_id"], &target), (&same, &target));
    let merged = json!({"integration_id": 9001, "alert": on("nobody", "Ok", "a")});
    says(&explained(&world, merged)["channels"][0], "nothing", "nothing to close");
}
