//! The scheduler: tasks, a clock that only it moves, and chance from a seed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use alarum::time::Timestamp;

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The simulated world's time and tasks.
pub struct Sim {
    now: Cell<u64>,
    random: Cell<u64>,
    /// Tasks by number, each with the instance that it runs in; taken out while polled.
    tasks: RefCell<BTreeMap<u64, (u64, Option<Task>)>>,
    next_task: Cell<u64>,
    /// The next points in time at which somebody wants to go on.
    alarms: RefCell<Vec<u64>>,
    /// Counts everything that happens; a poll that changes nothing leaves it alone.
    progress: Cell<u64>,
}

impl Sim {
    pub fn new(seed: u64) -> Rc<Self> {
        Rc::new(Self {
            now: Cell::new(1_795_165_976_000_000),
            random: Cell::new(seed),
            tasks: RefCell::default(),
            next_task: Cell::new(1),
            alarms: RefCell::default(),
            progress: Cell::new(0),
        })
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.now.get())
    }

    pub fn advance_ms(&self, ms: u64) {
        self.now.set(self.now.get() + ms * 1000);
    }

    /// Sets the clock back, as hosts do whose clock was wrong.
    pub fn set_back_ms(&self, ms: u64) {
        self.now.set(self.now.get() - ms * 1000);
    }

    /// 64 bits of chance (splitmix64).
    pub fn random(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.random.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Whether something of this probability, in thousandths, happens.
    pub fn happens(&self, per_mille: u64) -> bool {
        per_mille > 0 && self.random() % 1000 < per_mille
    }

    /// A number below `n`.
    pub fn below(&self, n: usize) -> usize {
        (self.random() % n as u64) as usize
    }

    /// Starts a task in an instance.
    pub fn spawn(&self, instance: u64, task: impl Future<Output = ()> + 'static) {
        let number = self.next_task.get();
        self.next_task.set(number + 1);
        self.tasks.borrow_mut().insert(number, (instance, Some(Box::pin(task))));
        self.happened();
    }

    /// Drops every task of an instance where it stands.
    pub fn crash(&self, instance: u64) {
        // Dropped outside of the borrow: what they drop may look at the scheduler.
        let dropped: Vec<_> = {
            let mut tasks = self.tasks.borrow_mut();
            let numbers: Vec<u64> = tasks.iter().filter(|(_, (i, _))| *i == instance).map(|(n, _)| *n).collect();
            numbers.into_iter().filter_map(|number| tasks.remove(&number)).collect()
        };
        drop(dropped);
        self.happened();
    }

    /// Hands control back once: here the scheduler may let others go first, or crash the instance.
    pub async fn gate(&self) {
        let mut passed = false;
        poll_fn(|cx| if std::mem::replace(&mut passed, true) { Poll::Ready(()) } else { pending(cx) }).await;
        self.happened();
    }

    /// Waits until the clock stands `us` microseconds later.
    pub async fn sleep_us(&self, us: u64) {
        let until = self.now.get() + us;
        self.alarms.borrow_mut().push(until);
        poll_fn(|cx| if self.now.get() >= until { Poll::Ready(()) } else { pending(cx) }).await;
        self.happened();
    }

    pub fn happened(&self) {
        self.progress.set(self.progress.get() + 1);
    }

    pub fn is_idle(&self) -> bool {
        self.tasks.borrow().is_empty()
    }

    /// Lets one task go on, chosen by chance.
    pub fn step(&self) {
        let chosen = {
            let mut tasks = self.tasks.borrow_mut();
            if tasks.is_empty() {
                return;
            }
            let nth = self.below(tasks.len());
            tasks.iter_mut().nth(nth).map(|(number, (_, task))| (*number, task.take()))
        };
        let Some((number, Some(mut task))) = chosen else {
            return;
        };
        self.now.set(self.now.get() + 1 + self.random() % 40);
        let done = task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let mut tasks = self.tasks.borrow_mut();
        if done {
            tasks.remove(&number);
            self.happened();
        } else if let Some((_, place)) = tasks.get_mut(&number) {
            *place = Some(task);
        }
    }

    /// Lets tasks go on until none is left. Where all wait, the clock moves to when the next one wants to go on.
    pub fn run(&self, mut between: impl FnMut(&Self)) {
        let (mut last, mut idle) = (self.progress.get(), 0);
        while !self.is_idle() {
            self.step();
            between(self);
            if self.progress.get() != last {
                (last, idle) = (self.progress.get(), 0);
                continue;
            }
            idle += 1;
            if idle > 8 * self.tasks.borrow().len() + 8 {
                let now = self.now.get();
                let mut alarms = self.alarms.borrow_mut();
                let rang = alarms.iter().any(|at| *at <= now);
                alarms.retain(|at| *at > now);
                let next = alarms.iter().min().copied();
                // Where one rang while the others were asked, whoever waited for it has only not been asked yet.
                let next = next.or(rang.then_some(now));
                self.now.set(next.expect("all tasks wait for each other and for nothing else"));
                idle = 0;
            }
        }
    }
}

/// Not yet; but ask again whenever the scheduler comes by. (Combinators ask only those who have called.)
pub fn pending(cx: &mut Context<'_>) -> Poll<()> {
    cx.waker().wake_by_ref();
    Poll::Pending
}
