//! The Redis does not answer for a while, or crashes: nobody waits for ever, nothing that was answered is lost, and
//! everything goes on when it is back.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blackbox::{Client, Deployment, Receiver, Redis};
use serde_json::json;

use crate::{Stopping, two_machines};

/// No request takes longer: two appends that each wait for a counter and a command, 3 s each.
const PATIENCE: Duration = Duration::from_secs(15);

/// What senders were told.
#[derive(Default)]
struct Told {
    /// The keys of pushes that were answered with 200.
    taken: Mutex<BTreeSet<String>>,
    /// How many were answered with a 5xx.
    refused: Mutex<usize>,
    longest: Mutex<Duration>,
}

impl Told {
    /// Pushes alerts with keys of their own until `stop`.
    fn push_on(&self, client: &Client, name: &str, stop: &AtomicBool) {
        for nth in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let key = format!("{name}-{nth}");
            let begun = Instant::now();
            let answer = client.push(&json!({"event_status": "Info", "title_rule": key, "alert_key": key}));
            let answer = answer.expect("answered, one way or the other");
            let took = begun.elapsed();
            self.longest.lock().map(|mut longest| *longest = took.max(*longest)).expect("no panic");
            match answer.status {
                200 => drop(self.taken.lock().expect("no panic").insert(key)),
                500..=599 => {
                    *self.refused.lock().expect("no panic") += 1;
                    assert_eq!(answer.code(), "InternalError", "{}", answer.body);
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => panic!("{other} {}", answer.body),
            }
        }
    }
}

/// Pushes to two machines while `outage` happens, and then for a while; then everything must be there and be told.
fn survives(outage: impl FnOnce(&Redis, &Deployment)) {
    let Some(redis) = Redis::start() else { return };
    let receiver = Receiver::start(200, Duration::ZERO);
    let Some((one, other)) = two_machines(&redis, vec![receiver.url.clone()]) else { return };
    let (told, stop) = (Told::default(), AtomicBool::new(false));
    let mut before = 0;
    std::thread::scope(|scope| {
        let _stopping = Stopping(&stop);
        for sender in 0..6 {
            let machine = if sender % 2 == 0 { &one } else { &other };
            let (told, stop) = (&told, &stop);
            scope.spawn(move || told.push_on(&machine.client, &format!("k{sender}"), stop));
        }
        let taken = || told.taken.lock().expect("no panic").len();
        let enough = |least: usize| one.client.wait(60, |_| (taken() >= least).then_some(()));
        let earlier = enough(100);
        outage(&redis, &one);
        before = taken();
        assert!(earlier.and(enough(before + 100)).is_some(), "pushes are taken before and after it");
    });
    let taken = told.taken.into_inner().expect("no panic");
    let refused = told.refused.into_inner().expect("no panic");
    let longest = told.longest.into_inner().expect("no panic");
    eprintln!(
        "{} taken, {before} of them before the end of the outage, {refused} refused, at most {longest:?}",
        taken.len()
    );
    assert!(refused > 0, "nobody noticed it");
    assert!(longest < PATIENCE, "somebody waited for {longest:?}");
    for machine in [&one, &other] {
        let incidents = machine.client.incidents().expect("listed");
        let listed: BTreeSet<String> =
            incidents.iter().filter_map(|i| i["title"].as_str()).map(str::to_owned).collect();
        let lost: Vec<_> = taken.difference(&listed).collect();
        assert!(lost.is_empty(), "answered and lost: {lost:?}");
    }
    // A right to deliver that was taken before the outage may have to run out first.
    let arrived = |received: &[blackbox::Received]| -> BTreeSet<String> {
        received.iter().filter_map(|r| r.body["incident"]["title"].as_str()).map(str::to_owned).collect()
    };
    let received = receiver.wait(90, |received| taken.is_subset(&arrived(received)));
    let missing: Vec<_> = taken.difference(&arrived(&received)).cloned().collect();
    assert!(missing.is_empty(), "not delivered: {missing:?}");
}

#[test]
fn a_redis_that_stands_still_costs_answers_and_no_alert() {
    survives(|redis, machine| {
        redis.pause();
        let begun = Instant::now();
        let asked = machine.client.incidents();
        assert!(asked.is_err() && begun.elapsed() < PATIENCE, "{:?}: {asked:?}", begun.elapsed());
        std::thread::sleep(Duration::from_secs(6));
        redis.go_on();
    });
}

#[test]
fn a_redis_that_is_killed_and_started_again_costs_answers_and_no_alert() {
    survives(|redis, machine| {
        redis.kill();
        std::thread::sleep(Duration::from_secs(1));
        let asked = machine.client.incidents();
        assert!(asked.is_err(), "{asked:?}");
        redis.restart();
    });
}
