//! Health and readiness: what a store does that lies, and that a probe costs little and leaves nothing behind.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use alarum::config::Config;
use alarum::http::Answer;
use alarum::ports::{Store, StoreError, Swap};
use alarum::status::Status;
use serde_json::Value;

use crate::support::{Cluster, DEMO, World, request};

/// How a store lies or fails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Lie {
    #[default]
    None,
    /// Every swap is let in.
    AlwaysStored,
    /// Every swap writes and says that it did not.
    AlwaysConflict,
    /// Every swap is refused, rightly or not.
    NeverStored,
    /// A swap says that it wrote and did not.
    Forgets,
    /// A swap that comes late writes and says that it did not.
    LateWrites,
    /// What is written is never found.
    Deaf,
    /// Reading fails.
    FailingGet,
    /// Counters stand still.
    StandsStill,
    /// Each call takes two seconds.
    Slow,
}

struct LyingStore {
    lie: Lie,
    cluster: Rc<Cluster>,
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    calls: Cell<usize>,
}

impl LyingStore {
    async fn called(&self) {
        self.calls.set(self.calls.get() + 1);
        let us = if self.lie == Lie::Slow { 2_000_000 } else { 10 };
        self.cluster.sim.sleep_us(us).await;
    }
}

impl Store for LyingStore {
    type Handle = (String, Option<Vec<u8>>);

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.called().await;
        match self.lie {
            Lie::FailingGet => Err(StoreError("no connection".into())),
            Lie::Deaf => Ok(None),
            _ => Ok(self.values.borrow().get(key).cloned()),
        }
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.called().await;
        Ok(keys.iter().map(|key| self.values.borrow().get(key).cloned()).collect())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.called().await;
        self.values.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    async fn set_many(&self, _: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        unreachable!("a probe has no use for it")
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        self.called().await;
        keys.iter().for_each(|key| drop(self.values.borrow_mut().remove(key)));
        Ok(())
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
        let count = self.counter(key).await? + if self.lie == Lie::StandsStill { 0 } else { by };
        self.values.borrow_mut().insert(key.into(), count.to_le_bytes().to_vec());
        Ok(count)
    }

    async fn counter(&self, key: &str) -> Result<i64, StoreError> {
        let bytes = self.values.borrow().get(key).cloned();
        Ok(bytes.map_or(0, |bytes| i64::from_le_bytes(bytes.try_into().expect("a counter"))))
    }

    async fn read_to_swap(&self, key: &str) -> Result<(Option<Vec<u8>>, Self::Handle), StoreError> {
        self.called().await;
        let value = self.values.borrow().get(key).cloned();
        Ok((value.clone(), (key.into(), value)))
    }

    async fn swap(&self, (key, old): Self::Handle, value: &[u8]) -> Result<Swap, StoreError> {
        self.called().await;
        let is_right = old.is_none() || self.values.borrow().get(&key) == old.as_ref();
        let (writes, told) = match self.lie {
            Lie::AlwaysStored => (true, Swap::Stored),
            Lie::AlwaysConflict => (true, Swap::Conflict),
            Lie::NeverStored => (false, Swap::Conflict),
            Lie::Forgets => (false, Swap::Stored),
            Lie::LateWrites if !is_right => (true, Swap::Conflict),
            _ => (is_right, if is_right { Swap::Stored } else { Swap::Conflict }),
        };
        if writes {
            self.values.borrow_mut().insert(key, value.into());
        }
        Ok(told)
    }
}

fn store(lie: Lie) -> Rc<LyingStore> {
    let (cluster, values) = (Cluster::new(1, DEMO, 1, 1), RefCell::default());
    Rc::new(LyingStore { lie, cluster, values, calls: Cell::new(0) })
}

/// Asks several times at once.
fn ask(store: &Rc<LyingStore>, status: &Rc<Status>, times: usize) -> Vec<Answer> {
    let answers = Rc::new(RefCell::new(Vec::new()));
    for nth in 0..times {
        let (store, status, answers) = (store.clone(), status.clone(), answers.clone());
        store.cluster.clone().sim.spawn(nth as u64, async move {
            let config = store.cluster.config.clone();
            let answer =
                status.handle(&*store, &store.cluster.node(), Ok(&config), &request("GET", "/readyz", "")).await;
            answers.borrow_mut().push(answer);
        });
    }
    store.cluster.run();
    answers.take()
}

/// The status, and what is said of a check.
fn found(answer: &Answer, name: &str) -> (u16, bool, String) {
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(body["ready"], answer.status == 200, "{body}");
    let checks = body["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == name).expect("there");
    (answer.status, check["ok"] == true, check["message"].as_str().expect("a text").to_owned())
}

#[test]
fn a_store_that_keeps_its_promises_is_ready_and_nothing_but_fixed_keys_stays() {
    let store = store(Lie::None);
    for _ in 0..50 {
        let status = Rc::default();
        let answer = ask(&store, &status, 1).remove(0);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
    let keys: Vec<String> = store.values.borrow().keys().cloned().collect();
    assert!(keys.iter().all(|key| key.starts_with("alarum:1:ready:") && !key.contains("missing")), "{keys:?}");
    assert!(keys.len() <= 24, "{keys:?}");
}

#[test]
fn each_lie_is_found_and_told_plainly() {
    for (lie, check, said) in [
        (Lie::AlwaysStored, "swap", "this store loses updates"),
        (Lie::AlwaysConflict, "swap", "reports a failed swap though it wrote"),
        (Lie::LateWrites, "swap", "reports a failed swap though it wrote"),
        (Lie::NeverStored, "swap", "refuses a swap of what is there"),
        (Lie::Forgets, "swap", "forgets what a swap has stored"),
        (Lie::Deaf, "store", "was not read back"),
        (Lie::FailingGet, "store", "no connection"),
        (Lie::FailingGet, "ledger", "nothing can be folded"),
        (Lie::StandsStill, "increment", "a counter gave 0, then 0"),
        (Lie::Slow, "swap", "pushes would get 500"),
    ] {
        let store = store(lie);
        let answer = ask(&store, &Rc::default(), 1).remove(0);
        let (status, ok, message) = found(&answer, check);
        assert!(status == 503 && !ok && message.contains(said), "{lie:?}: {message}");
        let log = store.cluster.log.borrow();
        assert!(log.iter().any(|line| line.contains(&format!("check={check} ")) && line.contains(said)), "{log:?}");
    }
}

#[test]
fn what_a_swap_of_a_missing_key_does_is_only_told() {
    let (status, ok, message) = found(&ask(&store(Lie::None), &Rc::default(), 1)[0], "missing_key");
    assert!(status == 200 && ok && message.contains("both are let in"), "{message}");
    let (_, ok, message) = found(&ask(&store(Lie::NeverStored), &Rc::default(), 1)[0], "missing_key");
    assert!(ok && message.contains("is refused"), "{message}");
}

#[test]
fn an_instance_probes_once_in_ten_seconds_however_many_ask() {
    let (store, status) = (store(Lie::None), Rc::default());
    let answers = ask(&store, &status, 20);
    assert!(answers.len() == 20 && answers.iter().all(|answer| answer.status == 200));
    let once = store.calls.get();
    assert!(once < 25, "{once}");
    store.cluster.sim.advance_ms(9_000);
    ask(&store, &status, 5);
    assert_eq!(store.calls.get(), once);
    store.cluster.sim.advance_ms(2_000);
    ask(&store, &status, 5);
    assert!(store.calls.get() > once);
}

/// Twenty instances, each with a probe of its own, on one store.
#[test]
fn many_instances_that_probe_at_once_do_not_take_each_other_for_a_lie() {
    for seed in 0..20 {
        let cluster = Cluster::new(seed, DEMO, 1, 1);
        let answers = Rc::new(RefCell::new(Vec::new()));
        for nth in 0..20 {
            let (cluster, answers) = (cluster.clone(), answers.clone());
            cluster.clone().sim.spawn(nth, async move {
                let (store, status) = (cluster.store_handle(), Status::default());
                let config = Ok(&*cluster.config);
                let answer = status.handle(&store, &cluster.node(), config, &request("GET", "/readyz", "")).await;
                answers.borrow_mut().push(answer);
            });
        }
        cluster.run();
        for answer in answers.take() {
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
    }
}

#[test]
fn a_configuration_that_is_not_valid_is_named_without_secrets() {
    let world = World::new();
    let text = DEMO.replace("key = \"private-key-0123456789\"", "key = [\"private-key-0123456789\"]");
    let problem = Config::parse(&text).expect_err("not valid").0;
    let answer = Rc::new(RefCell::new(None));
    let (slot, cluster) = (answer.clone(), world.cluster.clone());
    cluster.clone().sim.spawn(1, async move {
        let status = Status::default();
        let (store, request) = (cluster.store_handle(), request("GET", "/readyz", ""));
        *slot.borrow_mut() = Some(status.handle(&store, &cluster.node(), Err(&problem), &request).await);
    });
    world.cluster.run();
    let answer = answer.take().expect("an answer");
    let (status, ok, message) = found(&answer, "configuration");
    assert!(status == 503 && !ok && message.starts_with("integrations: "), "{message}");
    assert!(!String::from_utf8_lossy(&answer.body).contains("0123456789"));
}

#[test]
fn the_process_lives_without_a_store_call_and_without_a_key() {
    let world = World::new();
    let (reads, writes) = (world.cluster.store.reads.get(), world.cluster.store.writes.get());
    let answer = world.cluster.get_now("/healthz");
    assert_eq!((answer.status, &*answer.body), (200, &b"ok"[..]));
    assert_eq!((world.cluster.store.reads.get(), world.cluster.store.writes.get()), (reads, writes));
    let answer = world.cluster.call_now("/healthz", &Value::Null);
    assert_eq!(answer.status, 405);
    assert!(answer.headers.contains(&("allow", "GET".to_owned())));
}
