//! Two machines on one Redis: what each of them promises they promise together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use blackbox::{Received, Receiver, Redis};
use serde_json::{Value, json};

use crate::{Stopping, two_machines};

const SENDERS: usize = 8;
/// How many recoveries are answered in a round before one of the machines is killed.
const PUSHES: usize = 100;

fn alert(key: &str, status: &str) -> Value {
    json!({"event_status": status, "title_rule": key, "alert_key": key})
}

fn title(incident: &Value) -> String {
    incident["title"].as_str().unwrap_or_default().to_owned()
}

/// The events of each incident by its title, in the order in which they first came: type, id, time.
fn told(received: &[Received]) -> BTreeMap<String, Vec<(String, String, i64)>> {
    let mut told: BTreeMap<String, Vec<(String, String, i64)>> = BTreeMap::new();
    for webhook in received {
        let text = |name: &str| webhook.body[name].as_str().unwrap_or_default().to_owned();
        let events = told.entry(title(&webhook.body["incident"])).or_default();
        if events.iter().all(|(_, id, _)| *id != text("event_id")) {
            let time = webhook.body["event_time"].as_i64().unwrap_or_default();
            events.push((webhook.event_type().to_owned(), text("event_id"), time));
        }
    }
    told
}

#[test]
fn nothing_that_either_machine_answered_is_lost_when_one_is_killed_and_all_is_told_in_order() {
    let Some(redis) = Redis::start() else { return };
    let receiver = Receiver::start(200, Duration::ZERO);
    let Some((mut one, other)) = two_machines(&redis, vec![receiver.url.clone()]) else { return };
    // Answered by 200: what fired, and what recovered after that.
    let (fired, recovered): (Mutex<BTreeSet<String>>, Mutex<BTreeSet<String>>) = Default::default();
    // How many had no answer because of a kill.
    let cut_off = AtomicUsize::new(0);
    for round in 1..=2 {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let _stopping = Stopping(&stop);
            for sender in 0..SENDERS {
                let (fired, recovered, stop, cut_off) = (&fired, &recovered, &stop, &cut_off);
                let machines = [one.client.clone(), other.client.clone()];
                scope.spawn(move || {
                    for nth in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let key = format!("{round}-{sender}-{nth}");
                        // To one machine; the recovery to the other.
                        for (machine, status, answered) in [(nth, "Critical", fired), (nth + 1, "Ok", recovered)] {
                            match machines[machine % 2].push(&alert(&key, status)) {
                                Ok(answer) => {
                                    assert_eq!(answer.status, 200, "{}", answer.body);
                                    answered.lock().expect("no panic").insert(key.clone());
                                }
                                // It was killed.
                                Err(_) => {
                                    cut_off.fetch_add(1, Ordering::Relaxed);
                                    std::thread::sleep(Duration::from_millis(20));
                                    break;
                                }
                            }
                        }
                    }
                });
            }
            let enough = || recovered.lock().expect("no panic").len() >= round * PUSHES;
            assert!(other.client.wait(60, |_| enough().then_some(())).is_some(), "too few pushes were answered");
            one.kill();
            std::thread::sleep(Duration::from_millis(700));
        });
        one.restart();
    }
    let (fired, recovered) = (fired.into_inner().expect("no panic"), recovered.into_inner().expect("no panic"));
    let cut_off = cut_off.into_inner();
    eprintln!("{} fired, {} recovered, {cut_off} without an answer", fired.len(), recovered.len());
    assert!(cut_off > 0, "it was killed while nobody pushed");

    let listed = [&one, &other].map(|machine| {
        let mut incidents = machine.client.incidents().expect("listed");
        incidents.sort_by_key(title);
        incidents
    });
    let titles: Vec<String> = listed[0].iter().map(title).collect();
    let lost: Vec<_> = fired.iter().filter(|key| titles.binary_search(key).is_err()).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    let [here, there] = &listed;
    assert_eq!(
        here.iter().map(|i| &i["incident_id"]).collect::<Vec<_>>(),
        there.iter().map(|i| &i["incident_id"]).collect::<Vec<_>>()
    );
    let once: BTreeSet<&String> = titles.iter().collect();
    assert_eq!(once.len(), titles.len(), "one incident for each key");
    let open: Vec<String> = here.iter().filter(|i| i["progress"] != "Closed").map(title).collect();
    let not_closed: Vec<_> = open.iter().filter(|key| recovered.contains(*key) && fired.contains(*key)).collect();
    assert!(not_closed.is_empty(), "recovered and still open: {not_closed:?}");

    // The right to deliver that the killed machine had must run out first.
    let complete = |received: &[Received]| {
        let told = told(received);
        let has =
            |key: &String, wanted: &str| told.get(key).is_some_and(|all| all.iter().any(|(what, ..)| what == wanted));
        fired.iter().all(|key| has(key, "i_new")) && fired.intersection(&recovered).all(|key| has(key, "i_rslv"))
    };
    let received = receiver.wait(90, complete);
    assert!(complete(&received), "events are missing after 90 s");
    for (key, events) in told(&received) {
        let kinds: Vec<&str> = events.iter().map(|(what, ..)| &**what).collect();
        assert!(kinds == ["i_new"] || kinds == ["i_new", "i_rslv"], "{key}: {kinds:?}");
        assert!(events.is_sorted_by(|(_, _, before), (_, _, after)| before < after), "{key}: {events:?}");
    }
}

#[test]
fn of_64_first_alerts_at_once_on_two_machines_one_opens_an_incident() {
    let Some(redis) = Redis::start() else { return };
    let receiver = Receiver::start(200, Duration::ZERO);
    let Some((one, other)) = two_machines(&redis, vec![receiver.url.clone()]) else { return };
    const ROUNDS: usize = 6;
    for round in 0..ROUNDS {
        let together = Barrier::new(64);
        let key = format!("round-{round}");
        std::thread::scope(|scope| {
            for sender in 0..64 {
                let machine = if sender % 2 == 0 { &one } else { &other };
                let (together, key) = (&together, &key);
                scope.spawn(move || {
                    together.wait();
                    let answer = machine.client.push(&alert(key, "Warning")).expect("answered");
                    assert_eq!(
                        (answer.status, &answer.body["data"]["alert_key"]),
                        (200, &json!(key)),
                        "{}",
                        answer.body
                    );
                });
            }
        });
        for machine in [&one, &other] {
            let incidents = machine.client.incidents().expect("listed");
            let of_round: Vec<_> = incidents.iter().filter(|incident| title(incident) == key).collect();
            let [incident] = of_round[..] else { panic!("{} incidents in {key}", of_round.len()) };
            assert_eq!(incident["alert_cnt"], 1, "{incident}");
        }
    }
    let all: BTreeSet<String> = (0..ROUNDS).map(|round| format!("round-{round}")).collect();
    let received = receiver.wait(60, |received| told(received).len() == ROUNDS);
    let told = told(&received);
    assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), all);
    assert!(told.values().all(|events| events.len() == 1 && events[0].0 == "i_new"), "{told:?}");
}
