//! The engine and a naive model of the rules agree on random histories: of pushes, of what people do, of time.
//! A failing seed is named with the steps that are left of it when those that do not matter are taken out;
//! `ALARUM_SEED=…` runs it alone, `ALARUM_STEPS=…` runs so many steps in all.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use alarum::board::{Batch, Board, Event, Oldest, Shelf, Spot};
use alarum::delivery::Delivering;
use alarum::engine::action::Act;
use alarum::fold::{ActError, Folder, PageCache};
use alarum::id::Cause;
use alarum::journal::Record;
use alarum::time::Timestamp;
use serde_json::Value;

use crate::support::model::{self, Chance, Model, Rules};
use crate::support::{Cluster, DEMO};

const CHANNELS: [i64; 2] = [100, 101];

/// Most histories are short, because long ones are dear; in some the boards grow to several pages.
const fn steps_of(seed: u64) -> u64 {
    if seed.is_multiple_of(10) { 600 } else { 150 }
}

/// The engine with its store, and the model.
struct Both {
    cluster: Rc<Cluster>,
    pages: PageCache,
    models: BTreeMap<i64, Model>,
    rules: BTreeMap<i64, Rules>,
    /// By stream: its last record's number and time.
    streams: BTreeMap<u64, (u64, Timestamp)>,
    verbose: bool,
}

/// Lets a future run to its end: nobody else is there, and no time passes.
fn run<T>(future: impl Future<Output = T>) -> T {
    let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
    for _ in 0..1_000_000 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("it never ends");
}

impl Both {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        Self {
            cluster: Cluster::new(seed, DEMO, 1, 1),
            pages: PageCache::default(),
            models: CHANNELS.map(|channel| (channel, Model::new(channel))).into(),
            rules: CHANNELS.map(|channel| (channel, Rules::new(&mut chance))).into(),
            streams: BTreeMap::new(),
            verbose: false,
        }
    }

    fn now(&self) -> Timestamp {
        self.cluster.sim.now()
    }

    /// One step; what it is follows from the number.
    fn step(&mut self, number: u64) {
        let mut chance = Chance(number);
        let wait_ms = match chance.below(20) {
            0 => chance.below(900_000),
            1 => chance.of(&[3_600_000, 36_000_000, 90_000_000, 400_000_000]) + chance.below(5000),
            2..=5 => chance.below(60_000),
            6..=10 => chance.below(2000),
            _ => 0,
        };
        self.cluster.sim.advance_ms(1 + wait_ms);
        if self.verbose && wait_ms > 0 {
            eprintln!("  {} s, {} ms later", self.now().secs(), wait_ms);
        }
        match chance.below(100) {
            0..60 => self.push(&mut chance),
            60..64 => {
                let channel = chance.of(&CHANNELS);
                self.rules.get_mut(&channel).expect("rules").change(&mut chance);
            }
            64..84 => self.act(&mut chance),
            84..90 => self.fold(chance.percent(40)),
            90..96 => self.deliver(),
            _ => self.compare(),
        }
    }

    fn push(&mut self, chance: &mut Chance) {
        let received = self.now();
        let accepted: Vec<_> =
            (0..chance.of(&[1, 1, 1, 2, 4])).map(|_| model::pushed(chance, &self.rules, received.secs())).collect();
        // A writer lets go of a stream that it has not used for a while.
        let live: Vec<u64> =
            self.streams.iter().filter(|(_, (_, at))| received.millis_since(*at) < 2000).map(|(s, _)| *s).collect();
        let stream = match live.is_empty() || (live.len() < 3 && chance.percent(20)) {
            true => self.streams.len() as u64 + 1,
            false => chance.of(&live),
        };
        let n = self.streams.get(&stream).map_or(0, |(n, _)| *n) + 1;
        self.streams.insert(stream, (n, received));
        if self.verbose {
            eprintln!("  pushed: {accepted:?}");
        }
        for model in self.models.values_mut() {
            for (index, accepted) in accepted.iter().enumerate() {
                let cause = Cause { stream, n, index: index as u32, received, channel: model.channel };
                model.accept(cause, accepted);
            }
        }
        let record = Record { v: Record::FORMAT, received, again: None, accepted };
        let mut value = vec![b'w'];
        value.extend(record.encode());
        let store = &self.cluster.store;
        store.put("alarum:1:streams", (self.streams.len() as i64).to_le_bytes().to_vec());
        store.put(&format!("alarum:1:j:{stream}:{n}"), value);
    }

    fn act(&mut self, chance: &mut Chance) {
        let (channel, at) = (chance.of(&[101, 101, 100]), self.now());
        let model = self.models.get_mut(&channel).expect("a model");
        model.bring(at.secs());
        let action = model::action(chance, model);
        let act = Act { person_id: chance.of(&[41, 42, 0]), at, token: chance.next(), action };
        let expected = model.act(&act);
        let (store, node) = (self.cluster.store_handle(), self.cluster.node());
        let folder = Folder { store: &store, clock: &node, random: &node, pages: &self.pages, lease_ms: 0 };
        let done = run(folder.act(channel, &act));
        if self.verbose {
            eprintln!("  {act:?}: {done:?}");
        }
        match done {
            Ok(_) => assert!(expected.is_ok(), "done, and is not allowed: {act:?}"),
            Err(ActError::Refused(refused)) => {
                assert!(expected.is_err(), "refused ({refused}), and is allowed: {act:?}")
            }
            Err(ActError::Fold(error)) => panic!("{error}"),
        }
    }

    fn fold(&mut self, tidy: bool) {
        let (store, node) = (self.cluster.store_handle(), self.cluster.node());
        let folder = Folder { store: &store, clock: &node, random: &node, pages: &self.pages, lease_ms: 0 };
        run(folder.fold(tidy)).expect("folded");
    }

    /// Everything is told to the subscribers, and compared with what the model told them.
    fn deliver(&mut self) {
        let (store, node) = (self.cluster.store_handle(), self.cluster.node());
        let folder = Folder { store: &store, clock: &node, random: &node, pages: &self.pages, lease_ms: 0 };
        for board in run(folder.view(None)).expect("a view") {
            let waiting = self.waiting(&board);
            let model = self.models.get_mut(&board.head.channel_id).expect("a model");
            model.bring(self.cluster.sim.now().secs());
            let expected: Vec<Value> = model.told.iter().map(|told| told.shown()).collect();
            // The model knows what is told of incidents; that must not depend on what is told of alerts.
            let of_incidents = waiting.iter().filter(|event| !event.is_alert());
            let told: Vec<Value> = of_incidents.map(model::engine_event).collect();
            same("what was told", &told, &expected);
            model.deliver();
        }
        let folded = run(folder.fold(true)).expect("folded");
        let (outbound, log, config) = (&node, &node, &*self.cluster.config);
        let courier = Delivering { folder: &folder, outbound, log, config };
        for (channel, token) in folded.to_deliver {
            let report = run(courier.deliver(channel, token)).expect("delivered");
            assert_eq!((report.put_off, report.given_up), (0, 0));
        }
        let now = Oldest { over: 0, told_ms: u64::MAX, due: u64::MAX };
        let boards: Vec<(i64, Oldest)> = self.models.keys().map(|channel| (*channel, now)).collect();
        while run(folder.sweep(&boards, u64::MAX, u64::MAX)).expect("they leave") {}
        for board in run(folder.view(None)).expect("a view") {
            assert_eq!(self.waiting(&board), [], "all of it is delivered");
        }
    }

    fn waiting(&self, board: &Board) -> Vec<Event> {
        let store = self.cluster.store_handle();
        let batches = board.batches().into_iter().flat_map(|batch| match batch {
            Batch::Inline(events) => events,
            Batch::Segment(key) => {
                let (bytes, _) = run(alarum::value::get(&store, &key)).expect("read").expect("a segment");
                serde_json::from_slice(&bytes).expect("events")
            }
        });
        batches.collect()
    }

    /// All that there is, is the same.
    fn compare(&mut self) {
        let (store, node) = (self.cluster.store_handle(), self.cluster.node());
        let folder = Folder { store: &store, clock: &node, random: &node, pages: &self.pages, lease_ms: 0 };
        for mut board in run(folder.view(None)).expect("a view") {
            let model = self.models.get_mut(&board.head.channel_id).expect("a model");
            model.bring(self.cluster.sim.now().secs());
            let ids = run(self.pages.loading(&store, &mut board, |board| {
                Ok(board.incidents()?.iter().map(|incident| incident.incident_id.clone()).collect::<Vec<_>>())
            }));
            let ids = ids.expect("loaded");
            let expected: Vec<String> = model
                .incidents
                .values()
                .filter(|incident| !incident.left)
                .map(|incident| incident.id.clone())
                .collect();
            assert_eq!(ids, expected, "the incidents on the board");
            for id in &ids {
                let document = run(self.pages.loading(&store, &mut board, |board| board.with_alerts(id)));
                let document = document.expect("loaded").expect("an incident");
                same("an incident", &model::engine_document(&document), &model.document(id));
            }
            let muted = run(self.pages.loading(&store, &mut board, |board| muted_alerts(board))).expect("loaded");
            same("muted alerts", &muted, &model.muted_alerts());
        }
    }

    /// What has left the boards, too.
    fn compare_archive(&mut self) {
        self.deliver();
        self.compare();
        let (store, node) = (self.cluster.store_handle(), self.cluster.node());
        let folder = Folder { store: &store, clock: &node, random: &node, pages: &self.pages, lease_ms: 0 };
        for mut board in run(folder.view(None)).expect("a view") {
            let model = &self.models[&board.head.channel_id];
            let listed = run(self.pages.loading(&store, &mut board, |board| {
                let (mut ids, mut next) = (Vec::new(), Some(0));
                while let Some(slot) = next {
                    let spot = Spot { shelf: Shelf::Closed, slot, backwards: false, pass: false };
                    let (some, after) = board.listed(spot, &mut |_, _| true)?;
                    ids.extend(some);
                    next = after;
                }
                Ok(ids)
            }));
            let mut listed = listed.expect("loaded");
            listed.sort();
            let left: Vec<String> = model.incidents.values().filter(|i| i.left).map(|i| i.id.clone()).collect();
            assert_eq!(listed, left, "the incidents that have left");
            for id in &left {
                let document = run(folder.closed_incident(id)).expect("read").expect("a document");
                same("an incident that has left", &model::engine_document(&document), &model.document(id));
            }
        }
    }
}

/// The alerts on a board that are in no incident.
fn muted_alerts(board: &Board) -> Result<Vec<Value>, alarum::board::Missing> {
    let canonical: Value = serde_json::from_slice(&board.canonical()?).expect("plain data");
    let entities = canonical[1].as_array().expect("entities");
    let alerts = entities.iter().filter_map(|entity| entity.get("a")).filter(|alert| alert["incident_id"] == "");
    let mut alerts: Vec<Value> = alerts
        .map(|alert| model::engine_alert(&serde_json::from_value(alert.clone()).expect("an alert"), None))
        .collect();
    alerts.sort_by_key(|alert| alert["alert_id"].to_string());
    Ok(alerts)
}

fn same<T: serde::Serialize + PartialEq>(what: &str, engine: &T, model: &T) {
    if engine != model {
        let (engine, model) = (lines(engine), lines(model));
        let differ = |a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|line| !b.contains(line)).take(40).cloned().collect()
        };
        panic!("{what}: the engine says {:#?}, the model says {:#?}", differ(&engine, &model), differ(&model, &engine));
    }
}

fn lines(value: &impl serde::Serialize) -> Vec<String> {
    let mut lines = Vec::new();
    flatten("", &serde_json::to_value(value).expect("plain data"), &mut lines);
    lines
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{path}.{name}"), value, lines));
        }
        Value::Array(values) if !values.is_empty() => {
            values.iter().enumerate().for_each(|(nth, value)| flatten(&format!("{path}[{nth}]"), value, lines));
        }
        value => lines.push(format!("{path} = {value}")),
    }
}

/// Runs a history; where it fails, after which step and why.
fn history(seed: u64, steps: &[u64], verbose: bool) -> Result<(), (usize, String)> {
    let mut both = Both::new(seed);
    both.verbose = verbose;
    let attempt = |both: &mut Both, does: &dyn Fn(&mut Both)| {
        catch_unwind(AssertUnwindSafe(|| does(both))).map_err(|panic| match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => panic.downcast_ref::<&str>().map_or(String::new(), |text| (*text).to_owned()),
        })
    };
    for (nth, step) in steps.iter().enumerate() {
        attempt(&mut both, &|both| both.step(*step)).map_err(|why| (nth, why))?;
    }
    both.cluster.sim.advance_ms(1);
    attempt(&mut both, &|both| both.compare_archive()).map_err(|why| (steps.len(), why))
}

/// Takes out steps as long as the history fails without them.
fn shrink(seed: u64, mut steps: Vec<u64>, why: &str) -> Vec<u64> {
    let mut width = steps.len() / 2;
    while width > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + width).min(steps.len()));
            match history(seed, &fewer, false) {
                Err((_, other)) if other.get(..12) == why.get(..12) => steps = fewer,
                _ => at += width,
            }
        }
        width /= 2;
    }
    steps
}

fn check(seed: u64) {
    let mut chance = Chance(seed ^ 0x5EED);
    let mut steps: Vec<u64> = (0..steps_of(seed)).map(|_| chance.next()).collect();
    if let Err((nth, why)) = history(seed, &steps, false) {
        steps.truncate(nth + 1);
        let steps = shrink(seed, steps, &why);
        eprintln!("seed {seed} fails at step {nth}: {why}\nwhat is left of it, {} steps:", steps.len());
        let again = history(seed, &steps, true);
        panic!("seed {seed}, step {nth}: {}", again.expect_err("it fails again").1);
    }
}

#[test]
fn the_engine_and_a_naive_model_agree_on_a_hundred_thousand_random_steps() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let steps = number("ALARUM_STEPS").unwrap_or(100_000);
    let mut seeds = Vec::new();
    match number("ALARUM_SEED") {
        Some(seed) => seeds.push(seed),
        None => {
            let mut done = 0;
            while done < steps {
                seeds.push(seeds.len() as u64 + 1);
                done += steps_of(seeds.len() as u64);
            }
        }
    }
    // What a history says when it fails is only worth saying once there is nothing more to take out of it.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let results: Vec<_> = std::thread::scope(|scope| {
        let half = |nth: usize| seeds.iter().skip(nth).step_by(2).copied().collect::<Vec<u64>>();
        let run = |seeds: Vec<u64>| scope.spawn(move || seeds.into_iter().for_each(check));
        [half(0), half(1)].map(run).map(|thread| thread.join()).into()
    });
    std::panic::set_hook(told);
    for result in results {
        result.map_err(|panic| panic.downcast_ref::<String>().cloned()).expect("both agree");
    }
}
