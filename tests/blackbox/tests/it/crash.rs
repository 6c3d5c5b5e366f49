//! Killed in the middle, started again: what was answered is there, and every event arrives.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use blackbox::{Deployment, Options, Receiver};
use serde_json::json;

#[test]
fn what_was_answered_before_a_kill_is_there_after_it_and_every_event_arrives() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let Some(mut deployment) =
        Deployment::start(Options { receivers: vec![receiver.url.clone()], tick: true, ..Options::default() })
    else {
        return;
    };
    let answered: Mutex<BTreeSet<String>> = Mutex::default();
    for round in 0..3 {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for sender in 0..8 {
                let (client, answered, stop) = (deployment.client.clone(), &answered, &stop);
                scope.spawn(move || {
                    for nth in 0.. {
                        let key = format!("{round}-{sender}-{nth}");
                        let body = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
                        match client.push(&body) {
                            Ok(answer) if answer.status == 200 => {
                                answered.lock().expect("no panic").insert(key);
                            }
                            // The host is gone; whatever else happens must not be an answer that is wrong.
                            Err(_) => return,
                            Ok(answer) => panic!("{} {}", answer.status, answer.body),
                        }
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(700 + 400 * round));
            deployment.kill();
            stop.store(true, Ordering::Relaxed);
        });
        deployment.restart();
    }
    let answered = answered.into_inner().expect("no panic");
    assert!(answered.len() > 30, "only {} pushes were answered", answered.len());
    let titles = |incidents: &[serde_json::Value]| -> BTreeSet<String> {
        incidents.iter().filter_map(|i| i["title"].as_str()).map(str::to_owned).collect()
    };
    let incidents = deployment.client.incidents().expect("listed");
    let lost: Vec<_> = answered.difference(&titles(&incidents)).cloned().collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    // The right to deliver that the killed process had must run out first.
    let arrived = |received: &[blackbox::Received]| -> BTreeSet<String> {
        let new = received.iter().filter(|r| r.event_type() == "i_new");
        new.filter_map(|r| r.body["incident"]["title"].as_str()).map(str::to_owned).collect()
    };
    let received = receiver.wait(60, |received| answered.is_subset(&arrived(received)));
    let missing: Vec<_> = answered.difference(&arrived(&received)).cloned().collect();
    assert!(missing.is_empty(), "not delivered: {missing:?}");
    // One id for an event, however often it came.
    let ids: BTreeSet<_> =
        received.iter().map(|r| (r.body["incident"]["title"].to_string(), r.body["event_id"].to_string())).collect();
    assert_eq!(ids.len(), arrived(&received).len());
}
