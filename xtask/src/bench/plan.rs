//! The plan: which sessions are run and what is measured in each.

use super::app::Places;
use super::exact;
use super::fanout;
use super::figures::{Figure, medians};
use super::fold;
use super::intake;
use super::listing;
use super::push::Kind;
use super::redis;
use super::report;
use super::rows::{self, Times};
use super::session::Session;
use super::store::Store;
use super::{Options, Part};
use crate::console;
use anyhow::Result;
use std::time::Duration;

/// Connections that make company.
const COMPANY: usize = 64;
/// Open alerts of a channel that is not empty (B5).
const OPEN_ALERTS: usize = 10_000;
/// Kinds of load on an empty channel. The one that leaves most behind comes last.
const KINDS: [Kind; 5] = [Kind::Merge, Kind::Changed, Kind::Recovery, Kind::New, Kind::Batch];
/// And on one with many open alerts.
const KINDS_OPEN: [Kind; 2] = [Kind::Merge, Kind::New];
/// One connection needs no longer to warm up: one instance serves it.
const WARM_UP_SINGLE: Duration = Duration::from_secs(2);
/// Records of the journal are deleted after half a minute, and their streams are retired before that.
const TAIL: Duration = Duration::from_secs(40);

/// The stores of a quick run: where commits cost something.
const QUICK_STORES: [Store; 2] = [Store::Sqlite, Store::Slow];

/// What is run.
#[derive(Debug, Clone)]
pub struct Plan {
    intake: bool,
    folds: bool,
    lists: bool,
    fanout: bool,
    redis: bool,
    stores: Vec<Store>,
    repeat: usize,
    single: Times,
    company: Times,
    kinds: &'static [Kind],
    counted: &'static [Kind],
    /// Pushes that are counted exactly, and pushes that come alone.
    pushes: (usize, usize),
    tail: Duration,
    open_alerts: Option<usize>,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// All rows of loads.
    pub figures: Vec<Figure>,
    /// What a push costs in the guest.
    pub intake: Vec<intake::Row>,
    /// What a fold costs there.
    pub folds: Vec<fold::Row>,
    /// What lists cost there.
    pub lists: Vec<listing::Row>,
    /// What became of events to many subscribers.
    pub fanout: Vec<fanout::Row>,
    /// One and two machines on one Redis.
    pub redis: Vec<redis::Row>,
    /// What could not be measured, and why.
    pub problems: Vec<String>,
}

impl Plan {
    /// The plan for some options.
    pub fn new(options: &Options) -> Plan {
        let (intake, folds) = (options.wants(Part::Intake), options.wants(Part::Fold));
        let lists = options.wants(Part::Listing);
        let (fanout, redis) = (options.wants(Part::Fanout) && !options.quick, options.wants(Part::Redis));
        let stores: &[Store] = match options.store.as_slice() {
            _ if !options.wants(Part::Application) => &[],
            [] if options.quick => &QUICK_STORES,
            [] => &Store::ALL,
            wanted => wanted,
        };
        let stores = Store::ALL.into_iter().filter(|store| stores.contains(store)).collect();
        if options.quick {
            let times = |warm_up, measured| {
                let (warm_up, measured) = (Duration::from_millis(warm_up), Duration::from_millis(measured));
                Times { warm_up, measured }
            };
            return Plan {
                intake,
                folds,
                lists,
                fanout,
                redis,
                stores,
                repeat: 1,
                single: times(300, 700),
                company: times(1500, 1000),
                kinds: &[Kind::New],
                counted: &[Kind::New, Kind::Batch],
                pushes: (5, 5),
                tail: Duration::ZERO,
                open_alerts: None,
            };
        }
        let measured = Duration::from_secs(options.seconds);
        Plan {
            intake,
            folds,
            lists,
            fanout,
            redis,
            stores,
            repeat: usize::try_from(options.repeat).unwrap_or(usize::MAX),
            single: Times { warm_up: measured.min(WARM_UP_SINGLE), measured },
            company: Times { warm_up: measured, measured },
            kinds: &KINDS,
            counted: &KINDS,
            pushes: (20, 30),
            tail: TAIL,
            open_alerts: Some(OPEN_ALERTS),
        }
    }

    /// Runs it. A session that fails does not keep the next from being run.
    pub async fn run(&self, places: &Places) -> Outcome {
        let mut outcome = Outcome::default();
        if self.intake {
            let rows = outcome.noting("intake in the guest", intake::measure(places).await);
            outcome.intake = rows.unwrap_or_default();
        }
        if self.folds {
            let rows = outcome.noting("folds in the guest", fold::measure(places).await);
            outcome.folds = rows.unwrap_or_default();
        }
        if self.lists {
            let rows = outcome.noting("lists in the guest", listing::measure(places).await);
            outcome.lists = rows.unwrap_or_default();
        }
        if self.fanout {
            let rows = outcome.noting("fan-out", fanout::measure(places).await);
            outcome.fanout = rows.unwrap_or_default();
        }
        if self.redis {
            let rows = outcome.noting("machines on one Redis", redis::measure(places).await);
            outcome.redis = rows.unwrap_or_default();
        }
        if !self.stores.is_empty() {
            let counted = self.counts(places, &mut outcome.figures).await;
            outcome.noting("exact counts", counted);
        }
        for &store in &self.stores {
            let alone = self.alone(places, store, &mut outcome.figures).await;
            outcome.noting(&format!("{}, pushes that come alone", store.name()), alone);
            let sessions = [Some(0), self.open_alerts].into_iter().flatten();
            let sessions = sessions.flat_map(|open| [(open, 1, self.single), (open, COMPANY, self.company)]);
            for (open_alerts, connections, times) in std::iter::repeat_n(sessions, self.repeat).flatten() {
                let at = (store, open_alerts, connections);
                let measured = self.session(places, at, times, &mut outcome.figures).await;
                let title = format!("{}, {open_alerts} open alerts, {connections} connections", store.name());
                outcome.noting(&title, measured);
            }
        }
        outcome.figures = medians(outcome.figures);
        outcome
    }

    /// Exact counts. What is read and written before an answer is the same on every store; but where commits take
    /// long, it is looked after the answer whether others wait as well, and that read cannot be told from one before.
    async fn counts(&self, places: &Places, figures: &mut Vec<Figure>) -> Result<()> {
        let mut session = Session::start(places, Store::Memory, 0).await?;
        for &kind in self.counted {
            tell(figures, exact::count(&mut session, kind, self.pushes.0).await?);
        }
        session.app.stop().await
    }

    /// What follows from pushes that come alone.
    async fn alone(&self, places: &Places, store: Store, figures: &mut Vec<Figure>) -> Result<()> {
        let mut session = Session::start(places, store, 0).await?;
        // What is written once in the life of a store is no part of it.
        session.send(Kind::New, 1, 1, Duration::ZERO).await?;
        tell(figures, [exact::alone(&mut session, self.pushes.1, self.tail).await?]);
        session.app.stop().await
    }

    /// Loads on a number of connections, in an application of their own.
    async fn session(
        &self,
        places: &Places,
        (store, open_alerts, connections): (Store, usize, usize),
        times: Times,
        figures: &mut Vec<Figure>,
    ) -> Result<()> {
        let kinds = if open_alerts == 0 { self.kinds } else { KINDS_OPEN.as_slice() };
        let mut session = Session::start(places, store, open_alerts).await?;
        tell(figures, rows::measure(&mut session, connections, kinds, times).await?);
        session.app.stop().await
    }
}

impl Outcome {
    /// Notes what failed.
    fn noting<T>(&mut self, title: &str, result: Result<T>) -> Option<T> {
        result
            .map_err(|error| {
                let problem = format!("{title}: {error:#}");
                console::progress(&format!("not measured: {problem}"));
                self.problems.push(problem);
            })
            .ok()
    }
}

fn tell(figures: &mut Vec<Figure>, rows: impl IntoIterator<Item = Figure>) {
    for row in rows {
        console::progress(&report::brief(&row));
        figures.push(row);
    }
}
