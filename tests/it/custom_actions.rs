//! Custom actions: what somebody runs on an incident, from the call to the endpoint and back.

use serde_json::{Value, json};

use crate::support::receiver::Answering;
use crate::support::{DEMO, World};

const ACTION: &str = r#"
[[people]]
id = 41
name = "Mei"

[[subscriptions]]
id = 7
name = "restart"
kind = "action"
url = "https://hooks.example.net/restart"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
channel_ids = [101]
"#;

fn world_with(settings: &str) -> World {
    let config =
        DEMO.replace("key = \"app-key-0123456789abcdef\"", "key = \"app-key-0123456789abcdef\"\nperson_id = 41");
    World::with_config(&format!("{config}\n{ACTION}\n{settings}"))
}

/// A world in which an incident is open, and its id.
fn world() -> (World, String) {
    let mut world = world_with("");
    world.fire("disk");
    let id = world.expect_webhook("i_new").incident_id;
    (world, id)
}

/// Runs the action on an incident: its status, and the answer.
fn run(world: &World, incident_id: &str, integration_id: i64) -> (u16, Value) {
    world.call("/incident/custom-action/do", &json!({"incident_id": incident_id, "integration_id": integration_id}))
}

fn story(world: &World, id: &str) -> Vec<Value> {
    let (_, feed) = world.call("/incident/feed", &json!({"incident_id": id, "asc": true}));
    feed["data"]["items"].as_array().expect("items").clone()
}

/// The action is refused, and nobody is called.
fn refused(world: &mut World, answered: (u16, Value), code: &str, says: &str) {
    let (status, answer) = answered;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{answer}");
    let message = answer["error"]["message"].as_str().expect("a text");
    assert!(message.contains(says), "{message}");
    world.expect_no_webhook();
}

#[test]
fn an_action_is_posted_with_the_alerts_and_then_told_and_stands_in_the_timeline() {
    let (mut world, id) = world();
    let (status, answer) = run(&world, &id, 7);
    assert_eq!((status, &answer["data"]), (200, &json!({"message": ""})));
    let posted = world.expect_webhook("i_custom");
    assert_eq!(posted.body["person"]["person_name"], "Mei");
    let alerts = posted.body["incident"]["alerts"].as_array().expect("alerts");
    assert_eq!((alerts.len(), &alerts[0]["alert_key"]), (1, &json!("disk")));
    let told = world.expect_webhook("i_custom");
    assert_eq!((&told.event_id, told.event_time), (&posted.event_id, posted.event_time));
    assert!(told.body["incident"]["alerts"].is_null(), "an incident webhook has none");
    let entry = story(&world, &id).pop().expect("an entry");
    assert_eq!((&entry["type"], &entry["creator_id"]), (&json!("i_custom"), &json!(41)));
    assert_eq!(entry["detail"], json!({"integration_id": 7, "integration_name": "restart"}));
}

#[test]
fn an_action_that_fails_says_why_and_leaves_no_trace() {
    let (mut world, id) = world();
    let before = story(&world, &id);
    for (answering, says) in
        [(Answering::Status(500), "status 500"), (Answering::TimesOut, "no complete answer within the time limit")]
    {
        world.cluster.receiver.answering.borrow_mut().push_back(answering);
        let (status, answer) = run(&world, &id, 7);
        assert_eq!((status, &answer["data"]["message"]), (200, &json!(says)));
    }
    // It was called twice, once in vain; it is not tried again, and nobody else hears of it.
    world.expect_webhook("i_custom");
    world.at(3600);
    world.expect_no_webhook();
    assert_eq!(story(&world, &id), before);
}

#[test]
fn where_nobody_knows_whether_the_action_was_called_the_answer_says_so() {
    let (mut world, id) = world();
    world.cluster.lost_wakes.set(1000);
    let (status, answer) = run(&world, &id, 7);
    assert_eq!(
        (status, answer["data"]["message"].as_str()),
        (200, Some("it is not known whether the action was called: see the log"))
    );
    world.cluster.lost_wakes.set(0);
    world.expect_no_webhook();
}

#[test]
fn an_action_runs_on_a_closed_incident_too() {
    let (mut world, id) = world();
    world.recover("disk");
    world.expect_webhook("i_rslv");
    assert_eq!(run(&world, &id, 7).1["data"]["message"], "");
    let posted = world.expect_webhook("i_custom");
    assert_eq!(posted.body["incident"]["progress"], "Closed");
    assert_eq!(posted.body["incident"]["alerts"].as_array().map(Vec::len), Some(1));
    world.expect_webhook("i_custom");
    assert_eq!(story(&world, &id).last().map(|entry| entry["type"].clone()), Some(json!("i_custom")));
}

#[test]
fn an_action_that_there_is_not_or_that_is_for_other_channels_is_refused() {
    let (mut world, id) = world();
    let answered = run(&world, &id, 8);
    refused(&mut world, answered, "ResourceNotFound", "integration_id: there is no custom action 8");
    let answered = run(&world, &id, 1);
    refused(&mut world, answered, "ResourceNotFound", "integration_id: there is no custom action 1");
    let answered = run(&world, "000000000000000000000000", 7);
    refused(&mut world, answered, "ResourceNotFound", "incident_id: there is no incident");
    let answered = run(&world, "x", 7);
    refused(&mut world, answered, "ResourceNotFound", "incident_id: there is no such thing");
    let made = json!({"title": "t", "incident_severity": "Info", "channel_id": 100});
    let (_, made) = world.call("/incident/create", &made);
    world.expect_webhook("i_new");
    let answered = run(&world, made["data"]["incident_id"].as_str().expect("an id"), 7);
    refused(&mut world, answered, "InvalidParameter", "integration_id");
}

#[test]
fn an_action_that_is_not_enabled_is_refused() {
    let mut world = world_with("enabled = false");
    world.fire("disk");
    let id = world.expect_webhook("i_new").incident_id;
    let answered = run(&world, &id, 7);
    refused(&mut world, answered, "InvalidParameter", "not enabled");
}

#[test]
fn an_action_is_told_nothing_by_itself_and_can_be_tried_out() {
    let (mut world, _) = world();
    world.expect_no_webhook();
    let (_, answer) = world.call("/webhook/test", &json!({"integration_id": 7}));
    assert_eq!(answer["data"]["status"], "success", "{answer}");
    let sample = world.expect_webhook("i_custom");
    assert_eq!(sample.body["incident"]["alerts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_action_has_a_body_of_its_own_where_it_has_a_template() {
    let mut world = world_with("body = '{\"do\": \"restart\", \"on\": \"{{incident.alerts.0.title}}\"}'");
    world.fire("disk");
    let id = world.expect_webhook("i_new").incident_id;
    assert_eq!(run(&world, &id, 7).1["data"]["message"], "");
    let posted = world.expect_webhook("");
    assert_eq!(posted.body, json!({"do": "restart", "on": "disk is bad"}));
}

#[test]
fn a_channel_has_five_actions_at_most() {
    let action =
        |id: i64| ACTION.replace("id = 7", &format!("id = {id}")).replace("[[people]]\nid = 41\nname = \"Mei\"\n", "");
    let config = |count: i64| format!("{DEMO}\n{}", (10..10 + count).map(action).collect::<String>());
    assert!(alarum::config::Config::parse(&config(5)).is_ok());
    let problem = alarum::config::Config::parse(&config(6)).expect_err("too many").0;
    assert_eq!(problem, "channels: id 101: must have at most 5 custom actions");
}
