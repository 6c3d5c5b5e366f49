//! Instances of the components on one store, each of which can crash anywhere.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use alarum::config::Config;
use alarum::courier::Courier;
use alarum::engine::action::{Act, Action};
use alarum::fanout::{Fanout, relay};
use alarum::fold::{ActError, Acted, Folder, PageCache};
use alarum::http::{Answer, Request};
use alarum::ingest::{Hint, Ingest};
use alarum::ports::{Clock as _, Random as _};
use alarum::settings::{Cache, File};
use serde_json::Value;

use super::open_api::Components;
use super::openapi;
use super::receiver::Receiver;
use super::sim::Sim;
use super::store::{MemoryStore, StoreHandle};

/// What goes wrong, each in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub store_before: u64,
    pub store_after: u64,
    pub receiver: u64,
    /// A wake that gets lost.
    pub wake: u64,
    /// A step after which some instance crashes.
    pub crash: u64,
}

/// A push and what became of it.
#[derive(Clone)]
pub struct Push {
    pub key: &'static str,
    pub body: Value,
}

/// The instances and what they share.
pub struct Cluster {
    pub sim: Rc<Sim>,
    pub store: Rc<MemoryStore>,
    pub receiver: Rc<Receiver>,
    /// The configuration that the cluster began with.
    pub config: Rc<Config>,
    /// Whether each instance goes by what is stored, as the components do; else all go by the one above, at no cost.
    pub by_stored: Cell<bool>,
    /// The file that is mounted.
    pub file: RefCell<String>,
    pub log: Rc<RefCell<Vec<String>>>,
    pub lost_wakes: Cell<u64>,
    /// What was asked for by GET, and the status that it gets.
    pub fetched: RefCell<Vec<String>>,
    pub fetch_status: Cell<u16>,
    pub(super) ingests: RefCell<Vec<Rc<Instance<Ingest>>>>,
    fanouts: RefCell<Vec<Rc<Instance<Fanout>>>>,
    couriers: RefCell<Vec<Rc<Instance<Courier>>>>,
    pub(super) components: RefCell<Rc<Components>>,
}

/// An instance of a component: what it keeps between its requests, and what it knows of the configuration.
pub struct Instance<T> {
    pub component: T,
    cache: RefCell<Option<Rc<Cache>>>,
}

impl<T: Default> Default for Instance<T> {
    fn default() -> Self {
        Self { component: T::default(), cache: RefCell::default() }
    }
}

impl<T> Instance<T> {
    /// What it knows of the configuration; `make` is called with the file at the first use.
    pub fn cache(&self, cluster: &Cluster, make: fn(File) -> Cache) -> Rc<Cache> {
        let file = || File::new(Some(cluster.file.borrow().clone()));
        self.cache.borrow_mut().get_or_insert_with(|| Rc::new(make(file()))).clone()
    }

    /// The configuration that it goes by.
    pub async fn config(&self, cluster: &Rc<Cluster>) -> Option<Rc<Config>> {
        if !cluster.by_stored.get() {
            return Some(cluster.config.clone());
        }
        let cache = self.cache(cluster, |file| Cache::new(Config::read, file));
        cache.current(&cluster.store_handle(), &cluster.node()).await
    }
}

impl Instance<Ingest> {
    fn intake_cache(&self, cluster: &Cluster) -> Rc<Cache> {
        self.cache(cluster, |file| Cache::lenient(Config::read_for_intake, file))
    }

    /// Answers a request as the component does.
    pub async fn take(
        &self,
        cluster: &Cluster,
        store: &StoreHandle,
        node: &Node,
        request: &Request,
    ) -> (Answer, Option<Hint>) {
        match cluster.by_stored.get() {
            true => self.component.take(store, node, &self.intake_cache(cluster), request).await,
            false => self.component.handle(store, node, Some(&cluster.config), request).await,
        }
    }
}

/// The ports as one instance sees them.
#[derive(Clone)]
pub struct Node {
    pub(super) cluster: Rc<Cluster>,
}

const FANOUT: u64 = 1000;
const COURIER: u64 = 2000;
pub(super) const OUTSIDE: u64 = 9999;

impl Cluster {
    pub fn new(seed: u64, config: &str, ingests: usize, fanouts: usize) -> Rc<Self> {
        Rc::new(Self {
            sim: Sim::new(seed),
            store: Rc::default(),
            receiver: Rc::default(),
            config: Rc::new(Config::parse(config).expect("a valid configuration")),
            by_stored: Cell::new(false),
            file: RefCell::new(config.to_owned()),
            log: Rc::default(),
            lost_wakes: Cell::new(0),
            fetched: RefCell::default(),
            fetch_status: Cell::new(200),
            ingests: RefCell::new((0..ingests).map(|_| Rc::default()).collect()),
            fanouts: RefCell::new((0..fanouts).map(|_| Rc::default()).collect()),
            couriers: RefCell::new((0..fanouts).map(|_| Rc::default()).collect()),
            components: RefCell::default(),
        })
    }

    pub fn set_faults(&self, faults: Faults) {
        self.store.fail_before.set(faults.store_before);
        self.store.fail_after.set(faults.store_after);
        self.receiver.fails.set(faults.receiver);
        self.lost_wakes.set(faults.wake);
    }

    pub fn store_handle(self: &Rc<Self>) -> StoreHandle {
        StoreHandle { sim: self.sim.clone(), store: self.store.clone() }
    }

    pub fn node(self: &Rc<Self>) -> Node {
        Node { cluster: self.clone() }
    }

    /// Crashes some instance: everything in it stops where it is, and what it kept is gone.
    pub fn crash_one(&self) {
        let (ingests, fanouts) = (self.ingests.borrow().len(), self.fanouts.borrow().len());
        let nth = self.sim.below(ingests + fanouts + self.couriers.borrow().len());
        if nth < ingests {
            self.sim.crash(nth as u64);
            self.ingests.borrow_mut()[nth] = Rc::default();
        } else if nth < ingests + fanouts {
            self.sim.crash(FANOUT + (nth - ingests) as u64);
            self.fanouts.borrow_mut()[nth - ingests] = Rc::default();
        } else {
            self.sim.crash(COURIER + (nth - ingests - fanouts) as u64);
            self.couriers.borrow_mut()[nth - ingests - fanouts] = Rc::default();
        }
    }

    /// Crashes everything.
    pub fn crash_all(&self) {
        for nth in 0..self.ingests.borrow().len() {
            self.sim.crash(nth as u64);
        }
        for nth in 0..self.fanouts.borrow().len() {
            self.sim.crash(FANOUT + nth as u64);
        }
        for nth in 0..self.couriers.borrow().len() {
            self.sim.crash(COURIER + nth as u64);
        }
        self.ingests.borrow_mut().iter_mut().for_each(|i| *i = Rc::default());
        self.fanouts.borrow_mut().iter_mut().for_each(|f| *f = Rc::default());
        self.couriers.borrow_mut().iter_mut().for_each(|c| *c = Rc::default());
    }

    /// Starts a push at some instance. `answered` is called with the answer, unless the instance crashes first.
    pub fn push(self: &Rc<Self>, request: Request, answered: impl FnOnce(Answer) + 'static) {
        let nth = self.sim.below(self.ingests.borrow().len());
        let (ingest, node, cluster) = (self.ingests.borrow()[nth].clone(), self.node(), self.clone());
        self.sim.spawn(nth as u64, async move {
            let store = cluster.store_handle();
            let (answer, hint) = ingest.take(&cluster, &store, &node, &request).await;
            openapi::check(&request, &answer);
            answered(answer);
            if let Some(hint) = hint {
                let sim = cluster.sim.clone();
                if cluster.by_stored.get() {
                    let (cache, store, node) = (ingest.intake_cache(&cluster), store.clone(), node.clone());
                    sim.spawn(nth as u64, async move {
                        cache.refresh(&store, &node).await;
                    });
                }
                sim.spawn(nth as u64, async move { ingest.component.after(&store, &node, hint).await });
            }
        });
    }

    /// Starts a request at some fanout instance.
    pub fn fanout(self: &Rc<Self>, path: &str, answered: impl FnOnce(Answer) + 'static) {
        let nth = self.sim.below(self.fanouts.borrow().len());
        let (fanout, node, cluster) = (self.fanouts.borrow()[nth].clone(), self.node(), self.clone());
        let request = request("POST", path, "");
        self.sim.spawn(FANOUT + nth as u64, async move {
            let store = cluster.store_handle();
            let config = match fanout.component.needs_config(&request) {
                true => fanout.config(&cluster).await,
                false => None,
            };
            let (answer, after) = fanout.component.handle(&store, &node, config.as_deref(), &request).await;
            if request.path == "/tick" {
                openapi::check(&request, &answer);
            }
            answered(answer);
            let relay = |to_deliver| {
                let node = node.clone();
                cluster.sim.spawn(FANOUT + nth as u64, async move {
                    relay(&node, to_deliver).await;
                });
            };
            relay(after.to_deliver);
            if let Some(go_on) = after.go_on {
                fanout.component.go_on(&store, &node, config.as_deref(), go_on, relay).await;
            }
        });
    }

    /// Starts a request at some courier instance.
    pub fn courier(self: &Rc<Self>, path: &str, answered: impl FnOnce(Answer) + 'static) {
        let nth = self.sim.below(self.couriers.borrow().len());
        let (courier, node, cluster) = (self.couriers.borrow()[nth].clone(), self.node(), self.clone());
        let request = request("POST", path, "");
        self.sim.spawn(COURIER + nth as u64, async move {
            let store = cluster.store_handle();
            let config = courier.config(&cluster).await;
            answered(courier.component.handle(&store, &node, config.as_deref(), &request).await);
        });
    }

    /// Does on the board of a channel what somebody does, and runs until it is done.
    pub fn act(self: &Rc<Self>, channel: i64, action: Action) -> Result<Acted, ActError> {
        let result = Rc::new(RefCell::new(None));
        let (slot, cluster) = (result.clone(), self.clone());
        self.sim.spawn(OUTSIDE, async move {
            let (store, node, pages) = (cluster.store_handle(), cluster.node(), PageCache::default());
            let folder = Folder { store: &store, clock: &node, random: &node, pages: &pages, lease_ms: 0 };
            let act = Act { person_id: 7, at: node.now(), token: node.next_u64(), action };
            *slot.borrow_mut() = Some(folder.act(channel, &act).await);
        });
        self.run();
        result.take().expect("it has ended")
    }

    /// Ends all instances, as an update or a restart does; what is under way is crashed.
    pub fn restart(&self) {
        self.crash_all();
        *self.components.borrow_mut() = Rc::default();
    }

    /// Runs until nothing is left to do.
    pub fn run(&self) {
        self.sim.run(|_| {});
    }

    /// Calls the Open API and runs until it has answered.
    pub fn call_now(self: &Rc<Self>, path: &str, body: &Value) -> Answer {
        let result = Rc::new(RefCell::new(None));
        let slot = result.clone();
        self.call(request("POST", path, &body.to_string()), move |answer| *slot.borrow_mut() = Some(answer));
        self.run();
        result.take().expect("an answer")
    }

    /// Asks by GET and runs until it has answered.
    pub fn get_now(self: &Rc<Self>, target: &str) -> Answer {
        let result = Rc::new(RefCell::new(None));
        let slot = result.clone();
        self.call(request("GET", target, ""), move |answer| *slot.borrow_mut() = Some(answer));
        self.run();
        result.take().expect("an answer")
    }

    /// Calls tick and runs until it has answered.
    pub fn tick(self: &Rc<Self>) -> Value {
        let result = Rc::new(RefCell::new(Value::Null));
        let slot = result.clone();
        self.fanout("/tick", move |answer| {
            *slot.borrow_mut() = serde_json::from_slice(&answer.body).expect("a JSON answer");
        });
        self.run();
        result.take()
    }

    /// Everything that a list shows, all pages.
    pub fn incidents(self: &Rc<Self>) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let query = serde_json::json!({
                "start_time": self.sim.now().secs().saturating_sub(30 * 24 * 3600), "end_time": self.sim.now().secs() + 60,
                "p": page, "limit": 100});
            let answer = self.call_now(&format!("/incident/list?app_key={}", super::APP_KEY), &query);
            let body: Value = serde_json::from_slice(&answer.body).expect("a JSON answer");
            assert_eq!(answer.status, 200, "{body}");
            all.extend(body["data"]["items"].as_array().expect("items").iter().cloned());
            if body["data"]["has_next_page"] == false {
                break;
            }
        }
        all
    }
}

/// A request as a component reads it.
pub fn request(method: &str, target: &str, body: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        content_type: Some("application/json".into()),
        authorization: None,
        user_agent: None,
        body: Ok(body.into()),
    }
}

impl Push {
    pub fn request(&self) -> Request {
        request("POST", &format!("/event/push/alert/standard?integration_key={}", self.key), &self.body.to_string())
    }
}
