//! Alert webhooks, from the configuration to the subscriber.

use serde_json::{Value, json};

use super::channel_rules::config;
use crate::support::{DEMO, PRIVATE_KEY, SHARED_KEY, World};

/// A subscription to the alerts of channel 101.
fn subscription(settings: &str) -> String {
    format!(
        "[[subscriptions]]\nid = 2\nname = \"alerts\"\nkind = \"alert\"\nurl = \"https://hooks.example.net/alerts\"\n\
         secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\nchannel_ids = [101]\n{settings}\n"
    )
}

/// The demo with it, besides the one to all incidents.
fn world(settings: &str) -> World {
    World::with_config(&format!("{DEMO}\n{}", subscription(settings)))
}

/// What arrived of incidents and of alerts, each in its order.
fn arrived(world: &World) -> (Vec<String>, Vec<Value>) {
    let arrived = world.cluster.receiver.arrived.borrow();
    let (alerts, incidents): (Vec<_>, Vec<_>) = arrived.iter().partition(|w| !w.body["alert"].is_null());
    (incidents.iter().map(|w| w.event_type.clone()).collect(), alerts.iter().map(|w| w.body.clone()).collect())
}

fn kinds(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().filter_map(|body| body["event_type"].as_str()).collect()
}

#[test]
fn who_subscribes_to_alerts_is_told_of_those_of_its_channels_and_of_no_incident() {
    let mut world = world("");
    world.fire("disk").recover("disk");
    let in_100 = json!({"event_status": "Info", "title_rule": "t", "alert_key": "k"});
    assert_eq!(world.push_as(SHARED_KEY, in_100).status, 200);
    let (incidents, alerts) = arrived(&world);
    assert_eq!(incidents, ["i_new", "i_rslv", "i_new"]);
    assert_eq!(kinds(&alerts), ["a_new", "a_update"]);
    let [new, recovered] = &alerts[..] else { panic!("two") };
    assert_eq!(new["alert"]["incident"]["title"], "disk is bad");
    assert_eq!(
        (&new["alert"]["alert_status"], &recovered["alert"]["alert_status"]),
        (&json!("Critical"), &json!("Ok"))
    );
    assert_eq!(new["alert"]["alert_id"], recovered["alert"]["alert_id"]);
}

#[test]
fn a_recovery_that_is_routed_nowhere_is_told_where_its_alert_is() {
    let mut world = world("event_types = [\"a_update\"]");
    let fires = json!({"event_status": "Warning", "title_rule": "t", "alert_key": "k", "labels": {"team": "storage"}});
    assert_eq!(world.push_as(SHARED_KEY, fires).status, 200);
    assert!(arrived(&world).1.is_empty(), "that it opened was not asked for");
    assert_eq!(world.push_as(SHARED_KEY, json!({"event_status": "Ok", "alert_key": "k"})).status, 200);
    let (_, alerts) = arrived(&world);
    assert_eq!(kinds(&alerts), ["a_update"]);
    assert_eq!((&alerts[0]["alert"]["channel_id"], &alerts[0]["alert"]["data_source_id"]), (&json!(101), &json!(9002)));
}

#[test]
fn that_an_alert_was_closed_is_told_whatever_was_chosen() {
    let mut world = world("event_types = [\"a_merge\"]");
    world.fire("disk");
    let incident = world.incidents()[0]["incident_id"].clone();
    let (_, listed) = world.call("/incident/alert/list", &json!({"incident_id": incident}));
    let alert_id = listed["data"]["items"][0]["alert_id"].clone();
    let (status, answer) = world.call("/alert/close", &json!({"alert_ids": [alert_id]}));
    assert_eq!(status, 200, "{answer}");
    let (_, alerts) = arrived(&world);
    assert_eq!(kinds(&alerts), ["a_close"]);
    assert_eq!((&alerts[0]["alert"]["alert_id"], &alerts[0]["person"]["person_name"]), (&alert_id, &json!("API")));
}

#[test]
fn what_a_dead_subscriber_to_alerts_missed_comes_in_the_order_of_each_alert() {
    let mut world = world("");
    world.cluster.receiver.status.set(503);
    world.fire("disk").recover("disk");
    world.cluster.receiver.status.set(0);
    world.cluster.receiver.arrived.borrow_mut().clear();
    world.at(60);
    assert_eq!(kinds(&arrived(&world).1), ["a_new", "a_update"]);
}

#[test]
fn a_subscription_with_a_template_gets_its_own_body() {
    let body = r#"body = '{"what": "{{event_type}}", "key": "{{alert.alert_key}}", "status": "{{alert.alert_status}}"}'
value_mapping = { "alert.alert_status" = { Critical = "down", Ok = "up" } }"#;
    let mut world = world(body);
    assert_eq!(
        world.push_as(PRIVATE_KEY, json!({"event_status": "Critical", "title_rule": "t", "alert_key": "k"})).status,
        200
    );
    let arrived = world.cluster.receiver.arrived.borrow();
    let own: Vec<&Value> = arrived.iter().map(|w| &w.body).filter(|body| body["event_id"].is_null()).collect();
    assert_eq!(own, [&json!({"what": "a_new", "key": "k", "status": "down"})]);
}

#[test]
fn a_muted_alert_is_shown_with_its_channel() {
    let silence = "[[channels.silence]]\nrule_id = \"works\"\ntime_filter = { start_time = 0, end_time = 4102444800 }\n\
        filters = [[{ key = \"title\", oper = \"IN\", vals = [\"*\"] }]]";
    let mut world = World::with_config(&format!("{}\n{}", config(silence), subscription("")));
    world.fire("disk");
    let (incidents, alerts) = arrived(&world);
    assert!(incidents.is_empty(), "{incidents:?}");
    let (status, answer) = world.call("/alert/info", &json!({"alert_id": alerts[0]["alert"]["alert_id"]}));
    assert_eq!((status, &answer["data"]["channel_id"]), (200, &json!(101)));
    assert_eq!((&answer["data"]["channel_name"], &answer["data"]["incident"]), (&json!("storage"), &Value::Null));
}
