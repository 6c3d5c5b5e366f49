//! Rate limits: who is refused and how, and how instances learn from each other.

use alarum::http::Request;
use serde_json::{Value, json};

use crate::support::{DEMO, PRIVATE_KEY, World, alert, body, header, push, request, target};

/// A configuration in which the private integration takes `rate_limit`.
fn limited(rate_limit: &str) -> String {
    DEMO.replacen("rate_limit = { per_second = 0, per_minute = 0 }", rate_limit, 1)
}

#[test]
fn one_push_more_than_the_limit_is_told_when_to_come_again_and_changes_nothing() {
    let mut world = World::with_config(&limited("rate_limit = { per_second = 3, per_minute = 0 }"));
    for key in ["a", "b", "c"] {
        assert_eq!(push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", key, json!({}))).status, 200);
    }
    let answer = push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", "d", json!({})));
    assert_eq!((answer.status, &body(&answer)["error"]["code"]), (429, &json!("RequestTooFrequently")));
    assert_eq!(header(&answer, "retry-after"), Some("1"));
    assert_eq!(world.incidents().len(), 3);
    world.push_shared(alert("Info", "e", json!({})));
    world.at(5).push(alert("Info", "d", json!({})));
}

#[test]
fn by_default_a_hundred_pushes_in_a_second_and_a_thousand_in_a_minute_are_taken() {
    let mut world = World::with_config(&limited(""));
    let mut statuses = std::collections::BTreeMap::new();
    for nth in 0..1500_u64 {
        world.at(nth / 40);
        let answer = push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", &format!("k{}", nth % 7), json!({})));
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    assert_eq!(statuses, [(200, 1000), (429, 500)].into());
}

#[test]
fn a_sender_that_would_lose_the_alert_is_not_refused_by_a_429() {
    let mut world = World::with_config(&limited("rate_limit = { per_second = 1, per_minute = 0 }"));
    let mut statuses = |user_agent: &str, path: &str, body: &Value| {
        let mut answers = Vec::new();
        for _ in 0..3 {
            let target = format!("{path}?integration_key={PRIVATE_KEY}");
            let request =
                Request { user_agent: Some(user_agent.into()), ..request("POST", &target, &body.to_string()) };
            let answer = world.send(request);
            answers.push((answer.status, header(&answer, "retry-after").is_some()));
        }
        answers[2]
    };
    let (standard, one) = ("/event/push/alert/standard", alert("Info", "a", json!({})));
    let group = json!({"alerts": [{"status": "firing", "labels": {"alertname": "Down"}}]});
    assert_eq!(statuses("curl/8.0", standard, &one), (429, true));
    assert_eq!(statuses("axios/1.7.2", standard, &one), (200, false), "Uptime Kuma never sends again");
    assert_eq!(statuses("Go-http-client/1.1", standard, &one), (503, true), "catpaw sends again after a 5xx");
    assert_eq!(statuses("Alertmanager/0.25.0", "/event/push/alert/prometheus", &group), (503, true));
    assert_eq!(statuses("Grafana", "/event/push/alert/grafana", &group), (200, false));
}

#[test]
fn an_instance_learns_from_folders_what_others_took() {
    use crate::support::Cluster;
    let cluster = Cluster::new(7, &limited("rate_limit = { per_second = 0, per_minute = 60 }"), 8, 1);
    let taken = std::rc::Rc::new(std::cell::Cell::new(0));
    for round in 0..40 {
        for nth in 0..10 {
            let taken = taken.clone();
            let text = alert("Info", &format!("{round}/{nth}"), json!({})).to_string();
            cluster.push(request("POST", &target(PRIVATE_KEY, ""), &text), move |answer| {
                taken.set(taken.get() + usize::from(answer.status == 200));
            });
        }
        cluster.run();
    }
    // Eight instances that know nothing of each other would take 400.
    assert!((60..=80).contains(&taken.get()), "{}", taken.get());
}

#[test]
fn a_limit_costs_a_new_instance_one_read_and_nobody_else_anything() {
    let mut world = World::with_config(&limited(""));
    world.cluster.lost_wakes.set(1000);
    let store = world.cluster.store.clone();
    for (nth, reads) in [(0, 1), (1, 0), (2, 0)] {
        let before = store.reads.get();
        let answer = push(&mut world, &target(PRIVATE_KEY, ""), &alert("Info", &format!("k{nth}"), json!({})));
        assert_eq!((answer.status, store.reads.get() - before), (200, reads), "push {nth}");
    }
}
