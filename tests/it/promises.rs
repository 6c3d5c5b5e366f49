//! What must always hold, under thousands of interleavings with failing calls, torn batches, lost wakes and crashes.
//! A failing seed is named; `ALARUM_SEED=…` runs it alone, `ALARUM_SEEDS=…` runs that many.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use alarum::fold::{Folder, PageCache};
use serde_json::{Value, json};

use crate::support::{Cluster, DEMO, Faults, PRIVATE_KEY, Push, SHARED_KEY, World};

/// A sender: pushes one alert of its own through several lives, each push until it is answered, as senders do.
struct Sender {
    name: usize,
    /// How many of its steps were answered.
    answered: Rc<Cell<usize>>,
    /// Whether a push is under way.
    busy: Rc<Cell<bool>>,
    steps: usize,
}

impl Sender {
    fn key(&self) -> String {
        format!("own-{}", self.name)
    }

    /// Even steps fire, odd steps recover; every third life also pushes the key that all share.
    fn body(&self, step: usize) -> Value {
        if step % 5 == 4 {
            return json!({"event_status": "Critical", "title_rule": "shared", "alert_key": "shared"});
        }
        let status = match (self.fires(step), self.is_routed(step)) {
            (true, false) => "Critical",
            // One channel by the rules, and a recovery that goes wherever the alert is open.
            (true, true) => "Warning",
            (false, _) => "Ok",
        };
        json!({"event_status": status, "title_rule": "own", "alert_key": self.key(), "description": format!("{step}")})
    }

    /// Every second sender pushes its own alert to the shared integration.
    fn is_routed(&self, step: usize) -> bool {
        self.name % 2 == 1 && step % 5 != 4
    }

    fn fires(&self, step: usize) -> bool {
        matches!(step % 5, 0 | 2)
    }

    /// How many incidents of its own its answered steps must have made, and whether the last is open.
    fn expected(&self) -> (usize, bool) {
        let own: Vec<usize> = (0..self.answered.get()).filter(|step| step % 5 != 4).collect();
        let fired = own.iter().filter(|step| self.fires(**step)).count();
        (fired, own.last().is_some_and(|step| self.fires(*step)))
    }
}

pub fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("ALARUM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("ALARUM_SEEDS").unwrap_or(default)).collect(),
    }
}

/// Runs senders against a cluster with faults until all of their pushes are answered, then lets everything settle.
fn run(
    seed: u64,
    faults: Faults,
    ingests: usize,
    fanouts: usize,
    senders: usize,
    steps: usize,
) -> (Rc<Cluster>, Vec<Sender>) {
    let cluster = Cluster::new(seed, DEMO, ingests, fanouts);
    cluster.set_faults(faults);
    let senders: Vec<Sender> =
        (0..senders).map(|name| Sender { name, answered: Rc::default(), busy: Rc::default(), steps }).collect();
    let mut budget = 400_000;
    while senders.iter().any(|s| s.answered.get() < s.steps) {
        for sender in senders.iter().filter(|s| !s.busy.get() && s.answered.get() < s.steps) {
            sender.busy.set(true);
            let (busy, answered) = (Lowered(sender.busy.clone()), sender.answered.clone());
            let step = answered.get();
            let key = if sender.is_routed(step) { SHARED_KEY } else { PRIVATE_KEY };
            let push = Push { key, body: sender.body(step) };
            cluster.push(push.request(), move |answer| {
                // Dropped with the push, also when its instance crashes: the sender sees a broken connection.
                let _busy = busy;
                if answer.status == 200 {
                    answered.set(answered.get() + 1);
                }
            });
        }
        for _ in 0..20 {
            cluster.sim.step();
        }
        if cluster.sim.happens(faults.crash) {
            cluster.crash_one();
        }
        if cluster.sim.happens(20) {
            cluster.fanout("/tick", |_| {});
        }
        budget -= 1;
        assert!(budget > 0, "seed {seed}: the senders never end; {:#?}", cluster.log.borrow());
        if cluster.sim.happens(50) {
            cluster.sim.advance_ms(1 + cluster.sim.random() % 4000);
        }
    }
    if faults.crash > 0 {
        cluster.crash_all();
    }
    cluster.set_faults(Faults::default());
    settle(&cluster);
    (cluster, senders)
}

/// A flag that is lowered when it is dropped.
struct Lowered(Rc<Cell<bool>>);

impl Drop for Lowered {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Lets every lease end, every retry come due and everything else happen.
pub fn settle(cluster: &Rc<Cluster>) {
    cluster.run();
    for wait_ms in [1_000, 20_000, 20_000, 60_000, 300_000, 3_600_000, 86_400_000, 86_400_000] {
        cluster.sim.advance_ms(wait_ms);
        cluster.tick();
    }
}

fn check(seed: u64, cluster: &Rc<Cluster>, senders: &[Sender]) {
    let incidents = cluster.incidents();
    let mut by_key: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for incident in &incidents {
        by_key.entry(incident["dedup_key"].as_str().unwrap_or_default().to_owned()).or_default().push(incident);
    }
    for sender in senders {
        let (lives, open) = sender.expected();
        let mine = by_key.remove(&sender.key()).unwrap_or_default();
        assert_eq!(mine.len(), lives, "seed {seed}: incidents of {}: {mine:#?}", sender.key());
        let open_now = mine.iter().filter(|i| i["progress"] == "Triggered").count();
        assert_eq!(open_now, usize::from(open), "seed {seed}: open incidents of {}: {mine:#?}", sender.key());
    }
    let shared = by_key.remove("shared").unwrap_or_default();
    assert_eq!(shared.len(), 1, "seed {seed}: one incident for the key that all share: {shared:#?}");
    assert!(by_key.is_empty(), "seed {seed}: nothing that nobody pushed: {by_key:#?}");
    check_webhooks(seed, cluster, &incidents);
}

/// Every event of every incident was taken at least once, under one id and with one body, and first taken in order.
fn check_webhooks(seed: u64, cluster: &Rc<Cluster>, incidents: &[Value]) {
    let arrived = cluster.receiver.arrived.borrow();
    for incident in incidents {
        let id = incident["incident_id"].as_str().unwrap_or_default();
        let mine: Vec<_> = arrived.iter().filter(|w| w.incident_id == id).collect();
        let mut taken = Vec::new();
        for webhook in mine.iter().filter(|w| w.taken) {
            if !taken.contains(&webhook.event_type.as_str()) {
                taken.push(webhook.event_type.as_str());
            }
        }
        let expected: &[&str] = if incident["progress"] == "Closed" { &["i_new", "i_rslv"] } else { &["i_new"] };
        assert_eq!(taken, expected, "seed {seed}: events of {id}; the log: {:#?}", cluster.log.borrow());
        for event_type in expected {
            let same: Vec<_> = mine.iter().filter(|w| w.event_type == *event_type).collect();
            let bodies: BTreeSet<String> = same.iter().map(|w| w.body.to_string()).collect();
            assert_eq!(bodies.len(), 1, "seed {seed}: one body for every attempt: {bodies:#?}");
        }
        let times: Vec<u64> =
            expected.iter().filter_map(|t| mine.iter().find(|w| w.event_type == *t)).map(|w| w.event_time).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "seed {seed}: {times:?}");
    }
}

#[test]
fn nothing_answered_is_lost_when_everything_works() {
    for seed in seeds(150) {
        let (cluster, senders) = run(seed, Faults::default(), 3, 2, 6, 8);
        check(seed, &cluster, &senders);
    }
}

#[test]
fn nothing_answered_is_lost_when_instances_crash_at_any_store_call() {
    let faults = Faults { crash: 30, wake: 200, ..Faults::default() };
    for seed in seeds(400) {
        let (cluster, senders) = run(seed, faults, 3, 3, 5, 8);
        check(seed, &cluster, &senders);
    }
}

#[test]
fn nothing_answered_is_lost_when_store_calls_fail_before_or_after_they_took_effect() {
    let faults = Faults { store_before: 20, store_after: 20, wake: 100, ..Faults::default() };
    for seed in seeds(400) {
        let (cluster, senders) = run(seed, faults, 3, 3, 5, 8);
        check(seed, &cluster, &senders);
    }
}

#[test]
fn nothing_answered_is_lost_when_all_of_it_goes_wrong_at_once() {
    let faults = Faults { crash: 20, store_before: 15, store_after: 15, receiver: 250, wake: 300 };
    for seed in seeds(600) {
        let (cluster, senders) = run(seed, faults, 4, 3, 6, 10);
        check(seed, &cluster, &senders);
    }
}

#[test]
fn sixty_four_first_alerts_at_once_are_one_alert_and_one_incident() {
    for seed in seeds(1000) {
        let cluster = Cluster::new(seed, DEMO, 5, 2);
        let answered = Rc::new(RefCell::new(0));
        for _ in 0..64 {
            let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": "same"});
            let answered = answered.clone();
            cluster.push(Push { key: PRIVATE_KEY, body }.request(), move |answer| {
                assert_eq!(answer.status, 200);
                *answered.borrow_mut() += 1;
            });
        }
        cluster.run();
        assert_eq!(*answered.borrow(), 64, "seed {seed}");
        let incidents = cluster.incidents();
        assert_eq!(incidents.len(), 1, "seed {seed}: {incidents:#?}");
        assert_eq!(incidents[0]["alert_cnt"], 1, "seed {seed}");
        let records = cluster.store.keys().iter().filter(|key| key.starts_with("alarum:1:j:")).count();
        assert!(records < 32, "seed {seed}: {records} records for 64 pushes");
    }
}

#[test]
fn a_record_that_may_have_been_stored_is_never_written_over() {
    let mut world = World::new();
    world.fire("first");
    // The append takes effect and fails all the same, and so does the attempt on another stream.
    world.cluster.store.fail_after.set(1000);
    let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": "second"});
    assert_eq!(world.push_as(PRIVATE_KEY, body).status, 500);
    world.cluster.store.fail_after.set(0);
    // Whoever folds now takes the record for what it is.
    world.cluster.tick();
    world.fire("third");
    let keys: BTreeSet<String> = world.incidents().iter().map(|i| i["dedup_key"].to_string()).collect();
    assert!(keys.contains("\"first\"") && keys.contains("\"third\""), "{keys:?}");
}

#[test]
fn a_record_of_a_stalled_writer_is_never_left_on_a_retired_stream() {
    for seed in seeds(200) {
        let cluster = Cluster::new(seed, DEMO, 1, 1);
        let answers = Rc::new(RefCell::new(Vec::new()));
        let push = |key: &str| {
            let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": key});
            let answers = answers.clone();
            cluster.push(Push { key: PRIVATE_KEY, body }.request(), move |answer| {
                answers.borrow_mut().push(answer.status)
            });
        };
        push("first");
        cluster.run();
        push("second");
        // The host stands still somewhere in the middle of the append, longer than it takes to retire its stream, and
        // others go on meanwhile.
        for _ in 0..cluster.sim.below(8) {
            cluster.sim.step();
        }
        let folder = cluster.clone();
        cluster.sim.advance_ms(60_000);
        tick_without(&folder);
        cluster.sim.advance_ms(60_000);
        tick_without(&folder);
        settle(&cluster);
        assert_eq!(*answers.borrow(), [200, 200], "seed {seed}");
        let mut keys: Vec<_> = cluster.incidents().iter().map(|i| i["dedup_key"].to_string()).collect();
        keys.sort();
        assert_eq!(keys, ["\"first\"", "\"second\""], "seed {seed}");
    }
}

#[test]
fn what_is_answered_after_the_store_went_back_is_kept() {
    for seed in seeds(300) {
        let cluster = Cluster::new(seed, DEMO, 3, 2);
        let kept: Rc<RefCell<BTreeSet<String>>> = Rc::default();
        let push = |key: String, kept: Rc<RefCell<BTreeSet<String>>>| {
            let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": key});
            cluster.push(Push { key: PRIVATE_KEY, body }.request(), move |answer| {
                if answer.status == 200 {
                    kept.borrow_mut().insert(format!("\"{key}\""));
                }
            });
        };
        let steps = |most| (0..cluster.sim.below(most)).for_each(|_| cluster.sim.step());
        (0..4).for_each(|nth| push(format!("before-{nth}"), Rc::default()));
        steps(60);
        let snapshot = cluster.store.snapshot();
        (4..8).for_each(|nth| push(format!("before-{nth}"), Rc::default()));
        steps(60);
        cluster.store.go_back(snapshot);
        for nth in 0..6 {
            push(format!("after-{nth}"), kept.clone());
            steps(20);
        }
        settle(&cluster);
        assert_eq!(kept.borrow().len(), 6, "seed {seed}: not answered with 200");
        let keys: BTreeSet<_> = cluster.incidents().iter().map(|i| i["dedup_key"].to_string()).collect();
        let lost: Vec<_> = kept.borrow().difference(&keys).cloned().collect();
        assert!(lost.is_empty(), "seed {seed}: answered and lost: {lost:?}");
    }
}

/// The folding of a tick by a host of its own, while nobody else moves.
fn tick_without(cluster: &Rc<Cluster>) {
    let (store, node, pages) = (cluster.store_handle(), cluster.node(), PageCache::default());
    let folder = Folder { store: &store, clock: &node, random: &node, pages: &pages, lease_ms: 1000 };
    let mut fold = std::pin::pin!(folder.fold(true));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..100_000 {
        if let std::task::Poll::Ready(done) = fold.as_mut().poll(&mut context) {
            done.expect("folded");
            return;
        }
    }
    panic!("the fold never ends");
}
