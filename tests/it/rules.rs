//! Enrichment, pipeline, inhibition and field mapping, told from outside.

use serde_json::{Value, json};

use crate::support::{APP_KEY, DEMO, PRIVATE_KEY, World, request};

/// The demo configuration with more in its private integration.
fn with(rules: &str) -> String {
    DEMO.replacen("[[integrations]]\nid = 9002", &format!("{rules}\n[[integrations]]\nid = 9002"), 1)
}

const ENRICHMENT: &str = r#"
[[integrations.enrichment.rules]]
kind = "extraction"
settings = { source_field = "title", result_label = "host", pattern = "on (?P<result>[a-z0-9-]+)" }

[[integrations.enrichment.rules]]
kind = "mapping"
settings = { schema_id = "hosts", result_labels = ["team"] }

[[integrations.enrichment.rules]]
kind = "composition"
if = [{ key = "labels.team", oper = "IN", vals = ["*"] }]
settings = { result_label = "page", template = "{{.labels.team}}/{{.labels.host}}" }

[[integrations.enrichment.rules]]
kind = "drop"
settings = { drop_labels = ["noise"] }

[[mapping_tables]]
id = "hosts"
source_labels = ["host"]
result_labels = ["team"]
rows = [{ host = "web-07", team = "storage" }, { host = "db-3", team = "data" }]
"#;

const PIPELINE: &str = r#"
[[integrations.pipeline.rules]]
kind = "severity_reset"
if = [{ key = "labels.env", oper = "IN", vals = ["dev", "test"] }]
settings = { severity = "Info" }

[[integrations.pipeline.rules]]
kind = "title_reset"
if = [[{ key = "severity", oper = "IN", vals = ["Info"] }], [{ key = "title", oper = "IN", vals = ["/^chatty/"] }]]
settings = { title = "[TPL]${service}: {{.Title}}" }

[[integrations.pipeline.rules]]
kind = "alert_drop"
if = [{ key = "labels.service", oper = "IN", vals = ["canary"] }]
settings = {}

[[integrations.pipeline.rules]]
kind = "alert_inhibit"
if = [{ key = "severity", oper = "IN", vals = ["Warning"] }]
settings = { equals = ["labels.host"], source_filters = [[{ key = "title", oper = "IN", vals = ["host is down"] }]] }
"#;

fn alert(status: &str, title: &str, labels: Value) -> Value {
    json!({"event_status": status, "title_rule": title, "alert_key": title, "labels": labels})
}

fn explained(world: &World, alert: Value) -> Value {
    let (status, answer) = world.call("/alert/explain", &json!({"integration_id": 9001, "alert": alert}));
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

#[test]
fn enrichment_takes_labels_from_texts_and_tables_before_anything_else_looks_at_them() {
    let mut world = World::with_config(&with(ENRICHMENT));
    world.push(alert("Critical", "disk full on web-07", json!({"noise": "x"})));
    let new = world.expect_webhook("i_new");
    let labels = &new.body["incident"]["labels"];
    assert_eq!(*labels, json!({"host": "web-07", "team": "storage", "page": "storage/web-07"}));
}

#[test]
fn a_title_rule_sees_the_labels_that_enrichment_adds() {
    let mut world = World::with_config(&with(ENRICHMENT));
    let body = json!({"event_status": "Info", "title_rule": "$team::disk on web-07", "alert_key": "a"});
    world.push(body);
    assert_eq!(world.expect_webhook("i_new").body["incident"]["title"], "storage / disk on web-07");
}

#[test]
fn a_derived_key_does_not_depend_on_enrichment() {
    let body = json!({"event_status": "Info", "title_rule": "disk on web-07"}).to_string();
    let target = format!("/event/push/alert/standard?integration_key={PRIVATE_KEY}");
    let key = |config: &str| {
        let answer = World::with_config(config).send(request("POST", &target, &body));
        serde_json::from_slice::<Value>(&answer.body).expect("JSON")["data"]["alert_key"].clone()
    };
    assert_eq!(key(DEMO), key(&with(ENRICHMENT)));
}

#[test]
fn the_pipeline_changes_drops_and_leaves_recoveries_alone() {
    let mut world = World::with_config(&with(PIPELINE));
    world.push(alert("Critical", "slow", json!({"env": "dev", "service": "shop"})));
    let new = world.expect_webhook("i_new");
    assert_eq!(
        (&new.body["incident"]["title"], &new.body["incident"]["incident_severity"]),
        (&json!("shop: slow"), &json!("Info"))
    );
    world.push(alert("Critical", "down", json!({"service": "canary"}))).expect_no_webhook();
    world.push(alert("Ok", "slow", json!({"env": "dev", "service": "canary"})));
    assert_eq!(world.expect_webhook("i_rslv").incident_id, new.incident_id);
}

#[test]
fn an_alert_is_inhibited_while_its_source_is_active_and_not_after() {
    let mut world = World::with_config(&with(PIPELINE));
    world.at(0).push(alert("Critical", "host is down", json!({"host": "web-07"})));
    world.expect_webhook("i_new");
    world.at(10).push(alert("Warning", "disk slow", json!({"host": "web-07"}))).expect_no_webhook();
    world.push(alert("Warning", "disk slow on another", json!({"host": "web-08"})));
    world.expect_webhook("i_new");
    world.push(alert("Critical", "disk broken", json!({"host": "web-07"})));
    world.expect_webhook("i_new");
    world.at(20).push(alert("Ok", "host is down", json!({})));
    world.expect_webhook("i_rslv");
    world.push(alert("Warning", "disk slow", json!({"host": "web-07"})));
    world.expect_webhook("i_new");
}

#[test]
fn a_source_that_was_silent_for_ten_minutes_inhibits_no_more() {
    let mut world = World::with_config(&with(PIPELINE));
    world.at(0).push(alert("Critical", "host is down", json!({"host": "web-07"})));
    world.expect_webhook("i_new");
    world.at(599).push(alert("Warning", "disk slow", json!({"host": "web-07"}))).expect_no_webhook();
    world.at(600).push(alert("Warning", "disk slow", json!({"host": "web-07"})));
    world.expect_webhook("i_new");
}

#[test]
fn every_step_of_an_alert_can_be_read() {
    // The tables of a configuration are no part of its integrations.
    let (rules, tables) = ENRICHMENT.split_once("[[mapping_tables]]").expect("tables");
    let mut world = World::with_config(&with(&format!("{rules}{PIPELINE}\n[[mapping_tables]]{tables}")));
    let one = alert("Warning", "disk full on web-07", json!({"env": "dev", "service": "shop", "noise": "1"}));
    let told = explained(&world, one.clone());
    let kinds = |steps: &Value| -> Vec<(String, bool)> {
        let steps = steps.as_array().expect("steps").iter();
        steps.map(|s| (s["kind"].as_str().expect("kind").into(), s["matched"] == true)).collect()
    };
    let enriched = [("extraction", true), ("mapping", true), ("composition", true), ("drop", true)];
    assert_eq!(kinds(&told["enrichment"]), enriched.map(|(kind, matched)| (kind.to_owned(), matched)));
    assert_eq!(kinds(&told["pipeline"])[2], ("alert_drop".to_owned(), false));
    assert!(told["pipeline"][0]["effect"].as_str().is_some_and(|effect| effect.contains("Info")), "{told:#}");
    assert_eq!((&told["received"]["status"], &told["admitted"]["status"]), (&json!("Warning"), &json!("Info")));
    world.push(one);
    let id = world.expect_webhook("i_new").incident_id;
    let (_, answer) = world.call("/alert/explain", &json!({"incident_id": id}));
    assert_eq!(answer["data"]["received"]["labels"]["noise"], "1", "what was sent is kept");
    assert_eq!(answer["data"]["enrichment"], told["enrichment"]);
}

#[test]
fn a_body_of_any_shape_becomes_an_alert_by_field_mapping() {
    let mapping = r#"
[integrations.mapping.field_mapping]
title_rule = "{{rule}}"
event_status = "{{level}}"
alert_key = "{{host}}::{{rule}}"
labels = "{{tags}}"
[integrations.mapping.value_mapping]
level = { high = "Critical", cleared = "Ok" }
"#;
    let mut world = World::with_config(&with(mapping));
    let body = |level: &str| json!({"rule": "disk", "level": level, "host": "web-07", "tags": {"used": 97}});
    world.push(body("high"));
    let new = world.expect_webhook("i_new");
    assert_eq!(
        (&new.body["incident"]["dedup_key"], &new.body["incident"]["labels"]),
        (&json!("web-07::disk"), &json!({"used": "97"}))
    );
    world.push(json!([body("cleared")]));
    world.expect_webhook("i_rslv");
    let answer = world.push_as(PRIVATE_KEY, json!({"rule": "disk"}));
    assert_eq!(answer.status, 400);
}

#[test]
fn changes_are_listed_newest_first_and_follow_their_events() {
    let mut world = World::new();
    let target = format!("/event/push/change/standard?integration_key={PRIVATE_KEY}");
    let mut change = |at: u64, key: &str, status: &str| {
        world.at(at);
        let body = json!({"change_key": key, "change_status": status, "title": format!("deploy {key}"), "labels": {status: "1"}});
        assert_eq!(world.send(request("POST", &target, &body.to_string())).status, 200);
    };
    change(0, "a", "Processing");
    change(5, "b", "Done");
    change(9, "a", "Done");
    change(20, "a", "Planned");
    let now = world.cluster.sim.now().secs();
    let list = |from: u64| {
        let window = json!({"start_time": from, "end_time": now + 1});
        world.cluster.call_now(&format!("/change/list?app_key={APP_KEY}"), &window)
    };
    let answer: Value = serde_json::from_slice(&list(now - 60).body).expect("JSON");
    let items = answer["data"]["items"].as_array().expect("items").clone();
    let shown: Vec<_> =
        items.iter().map(|i| (i["change_key"].clone(), i["change_status"].clone(), i["event_cnt"].clone())).collect();
    assert_eq!(
        shown,
        [
            (json!("a"), json!("Planned"), json!(1)),
            (json!("b"), json!("Done"), json!(1)),
            (json!("a"), json!("Done"), json!(2)),
        ]
    );
    assert_eq!(items[2]["labels"], json!({"Processing": "1", "Done": "1"}));
    assert!(items[2]["end_time"].as_u64() > items[2]["start_time"].as_u64());
    assert_eq!((&items[0]["channel_id"], &items[0]["channel_name"]), (&json!(101), &json!("storage")));
    let answer: Value = serde_json::from_slice(&list(now - 10).body).expect("JSON");
    assert_eq!(answer["data"]["total"], 1);
    assert!(world.incidents().is_empty(), "a change is no incident");
}

#[test]
fn a_subscription_of_sns_is_confirmed_only_at_the_services_own_address() {
    let target = format!("/event/push/alert/cloudwatch?integration_key={PRIVATE_KEY}");
    let confirm = |host: &str| {
        let url = format!("https://{host}/?Action=ConfirmSubscription&TopicArn=t&Token=x");
        json!({"Type": "SubscriptionConfirmation", "SubscribeURL": url}).to_string()
    };
    let mut world = World::new();
    assert_eq!(world.send(request("POST", &target, &confirm("sns.eu-central-1.amazonaws.com"))).status, 200);
    assert_eq!(world.cluster.fetched.borrow().len(), 1);
    for host in ["sns.eu-central-1.amazonaws.com.example.net", "127.0.0.1", "api.spin.internal", "fanout.spin.internal"]
    {
        assert_eq!(world.send(request("POST", &target, &confirm(host))).status, 400, "{host}");
    }
    assert_eq!(world.cluster.fetched.borrow().len(), 1);
    world.cluster.fetch_status.set(500);
    assert_eq!(
        world.send(request("POST", &target, &confirm("sns.eu-central-1.amazonaws.com"))).status,
        503,
        "SNS sends it again"
    );
    assert!(world.cluster.log.borrow().iter().all(|line| !line.contains("Token")), "the token is a secret");
}

#[test]
fn the_rules_that_the_documentation_shows_are_valid() {
    let page = include_str!("../../docs/doors.md");
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut found = 0;
    for block in blocks {
        let start = "version = 1\n[account]\nid = 1\nname = \"a\"\n[[channels]]\nid = 100\nname = \"a\"\n[[channels]]\nid = 101\n\
            name = \"b\"\n[[integrations]]\nid = 1\nname = \"i\"\nkind = \"shared\"\nkey = \"0123456789abcdef\"\n";
        alarum::config::Config::parse(&format!("{start}{block}")).expect("valid");
        found += 1;
    }
    assert_eq!(found, 2);
}
