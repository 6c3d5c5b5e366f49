//! The rules of a channel, from the configuration to what subscribers are told.

use serde_json::{Value, json};

use crate::support::{DEMO, World};

/// The demo, whose first channel has these rules.
fn world(rules: &str) -> World {
    World::with_config(&DEMO.replacen("name = \"storage\"\n", &format!("name = \"storage\"\n{rules}\n"), 1))
}

fn alert(key: &str, status: &str, host: &str) -> Value {
    json!({"event_status": status, "title_rule": format!("{key} on {host}"), "alert_key": key, "labels": {"host": host}})
}

#[test]
fn what_a_channel_drops_leaves_no_trace_there() {
    let mut world = world(
        r#"[[channels.drop]]
rule_id = "no-info"
filters = [[{ key = "severity", oper = "IN", vals = ["Info"] }]]"#,
    );
    world.push(alert("a", "Info", "h")).expect_no_webhook();
    assert!(world.incidents().is_empty());
    world.push(alert("a", "Warning", "h"));
    world.expect_webhook("i_new");
}

#[test]
fn alerts_that_are_equal_by_rule_are_one_incident_that_closes_with_the_last() {
    let mut world = world(
        r#"[channels.group]
method = "p"
equals = [["labels.host"]]
storm_thresholds = [3]"#,
    );
    world.push(alert("a", "Warning", "h"));
    let id = world.expect_webhook("i_new").incident_id;
    world.push(alert("b", "Critical", "h")).expect_no_webhook();
    world.push(alert("c", "Info", "h"));
    let storm = world.expect_webhook("i_storm");
    assert_eq!((&storm.incident_id, &storm.body["incident"]["alert_cnt"]), (&id, &json!(3)));
    assert_eq!(storm.body["incident"]["incident_severity"], "Critical");
    world.push(alert("d", "Info", "other"));
    assert_ne!(world.expect_webhook("i_new").incident_id, id);
    for key in ["a", "b", "c"] {
        world.expect_no_webhook();
        world.push(alert(key, "Ok", "h"));
    }
    assert_eq!(world.expect_webhook("i_rslv").incident_id, id);
}

#[test]
fn alike_alerts_are_one_incident_and_others_are_not() {
    let mut world = world("[channels.group]\nmethod = \"i\"\ni_keys = [\"title\"]");
    world.push(alert("CPU is high", "Warning", "web-01"));
    world.expect_webhook("i_new");
    world.push(json!({"event_status": "Warning", "title_rule": "cpu is HIGH on web-02", "alert_key": "b"}));
    world.expect_no_webhook();
    world.push(json!({"event_status": "Warning", "title_rule": "the certificate expires", "alert_key": "c"}));
    world.expect_webhook("i_new");
}

#[test]
fn a_silence_of_the_channel_ends_at_its_second() {
    let start = World::new().cluster.sim.now().secs();
    let mut world = world(&format!(
        "[[channels.silence]]\nrule_id = \"maintenance\"\nfilters = [[{{ key = \"labels.host\", oper = \"IN\", \
         vals = [\"h\"] }}]]\ntime_filter = {{ start_time = {start}, end_time = {} }}",
        start + 100
    ));
    world.push(alert("a", "Warning", "h")).push(alert("b", "Warning", "g"));
    assert_eq!(world.expect_webhook("i_new").body["incident"]["dedup_key"], "b");
    world.at(98).expect_no_webhook();
    world.at(101);
    let late = world.expect_webhook("i_new");
    assert_eq!(
        (&late.body["incident"]["dedup_key"], &late.body["incident"]["start_time"]),
        (&json!("a"), &json!(start + 100))
    );
}

#[test]
fn an_active_source_inhibits_in_the_channel() {
    let mut world = world(
        r#"[[channels.inhibit]]
rule_id = "host-down"
source_filters = [[{ key = "severity", oper = "IN", vals = ["Critical"] }]]
target_filters = [[{ key = "severity", oper = "NOTIN", vals = ["Critical"] }]]
equals = ["labels.host"]
is_directly_discard = true"#,
    );
    world.push(alert("down", "Critical", "h"));
    world.expect_webhook("i_new");
    world.push(alert("slow", "Warning", "h")).expect_no_webhook();
    world.push(alert("slow", "Warning", "g"));
    world.expect_webhook("i_new");
}

#[test]
fn an_incident_closes_by_itself_after_its_time_and_one_that_shall_stay_open_does_not_close_with_its_alerts() {
    let mut quick = world("auto_resolve_timeout = 60");
    quick.push(alert("a", "Warning", "h"));
    quick.expect_webhook("i_new");
    quick.at(58).expect_no_webhook();
    quick.at(62);
    let closed = quick.expect_webhook("i_rslv");
    assert_eq!((&closed.body["incident"]["incident_status"], closed.body.get("person")), (&json!("Warning"), None));
    let mut lasting = world("disable_auto_close = true");
    lasting.push(alert("a", "Warning", "h"));
    lasting.expect_webhook("i_new");
    lasting.push(alert("a", "Ok", "h")).expect_no_webhook();
    let incident = &lasting.incidents()[0];
    assert_eq!((&incident["incident_status"], &incident["progress"]), (&json!("Ok"), &json!("Triggered")));
}

#[test]
fn explaining_tells_what_the_rules_of_each_channel_do() {
    let mut world = world(
        r#"[[channels.drop]]
rule_id = "no-info"
filters = [[{ key = "severity", oper = "IN", vals = ["Info"] }]]"#,
    );
    let question = json!({"integration_id": 9001, "alert": alert("a", "Info", "h")});
    let (status, answer) = world.call("/alert/explain", &question);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["channel_rules"][0]["outcome"], "dropped");
    assert_eq!(
        (&answer["data"]["channel_rules"][0]["rule_id"], &answer["data"]["channel_ids"]),
        (&json!("no-info"), &json!([]))
    );
    world.expect_no_webhook();
}

#[test]
fn rules_that_cannot_be_followed_are_named_in_the_configuration_s_problem() {
    let problem = |rules: &str| {
        let config = DEMO.replacen("name = \"storage\"\n", &format!("name = \"storage\"\n{rules}\n"), 1);
        alarum::config::Config::parse(&config).expect_err("refused").0
    };
    assert!(problem("auto_resolve_timeout = 2592001").contains("auto_resolve_timeout"));
    assert!(
        problem("[[channels.drop]]\nrule_id = \"x\"\nfilters = []").contains("channels: id 101: drop: rule x: filters")
    );
    assert!(problem("[channels.group]\nmethod = \"p\"").contains("group: equals"));
    assert!(problem("[channels.flapping]\nmax_changes = 1").contains("flapping: max_changes"));
}
