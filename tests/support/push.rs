//! Pushes and their answers, as the tests of intake write them.

use alarum::http::Answer;
use serde_json::{Value, json};

use super::World;
use super::cluster::request;

pub fn alert(status: &str, key: &str, labels: Value) -> Value {
    json!({"event_status": status, "title_rule": format!("{key} is bad"), "alert_key": key, "labels": labels})
}

pub fn target(key: &str, more: &str) -> String {
    format!("/event/push/alert/standard?integration_key={key}{more}")
}

pub fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("a JSON answer")
}

pub fn header<'a>(answer: &'a Answer, wanted: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
}

pub fn push(world: &mut World, target: &str, body: &Value) -> Answer {
    world.send(request("POST", target, &body.to_string()))
}
