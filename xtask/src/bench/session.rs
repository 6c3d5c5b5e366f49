//! One application under load: what is sent to it, and when it has come to rest after it.

use super::app::{App, Places};
use super::load::{Order, Sent};
use super::push::{BATCH, Kind};
use super::stats::Stats;
use super::store::Store;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant, SystemTime};
use tokio::time::sleep;

/// How often is looked whether it is at rest.
const LOOK: Duration = Duration::from_millis(200);
/// It is at rest when nothing happened for this long; longer than a tick and than an instance is kept.
const REST: Duration = Duration::from_millis(1300);
/// More writes than this between two looks are work; fewer are a tick that tidies.
const TIDYING: u64 = 4;
/// Webhooks that have not come for this long, with nothing else going on, will not come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many connections preload.
const PRELOADERS: usize = 64;

/// A running application and what was sent to it.
#[derive(Debug)]
pub struct Session {
    /// The application.
    pub app: App,
    /// Its store.
    pub store: Store,
    /// How many alerts were opened before anything was measured.
    pub open_alerts: usize,
    epoch: (Instant, SystemTime),
    loads: usize,
    /// Webhooks that must come for what was sent so far.
    expected: usize,
}

/// A load, and what it made of the application.
#[derive(Debug)]
pub struct Measured {
    /// What was sent and answered, the warm-up included.
    pub sent: Sent,
    /// When measuring began and ended.
    pub window: (Instant, Instant),
    /// What was counted in between.
    pub counted: Stats,
    /// What was counted from the first push until everything was at rest.
    pub all: Stats,
    /// From the last answer until everything was at rest, seconds.
    pub rest_s: f64,
}

impl Session {
    /// Starts an application, and opens alerts in it.
    ///
    /// # Errors
    /// When it does not start or an answer is wrong.
    pub async fn start(places: &Places, store: Store, open_alerts: usize) -> Result<Session> {
        let app = App::start(places, store).await?;
        let epoch = (Instant::now(), SystemTime::now());
        let mut session = Session { app, store, open_alerts, epoch, loads: 0, expected: 0 };
        if open_alerts > 0 {
            session.send(Kind::New, PRELOADERS, open_alerts.div_ceil(PRELOADERS), Duration::ZERO).await?;
            session.rest().await?;
        }
        Ok(session)
    }

    /// The counters.
    ///
    /// # Errors
    /// When the runner does not tell.
    pub async fn stats(&self) -> Result<Stats> {
        Stats::fetch(self.app.control).await
    }

    /// The Unix second of an instant since the start.
    pub fn second(&self, instant: Instant) -> f64 {
        let at = self.epoch.1 + instant.saturating_duration_since(self.epoch.0);
        // It would take a clock before 1970.
        at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Sends a number of pushes on each of some connections.
    ///
    /// # Errors
    /// An answer is wrong.
    pub async fn send(&mut self, kind: Kind, connections: usize, pushes: usize, pause: Duration) -> Result<Sent> {
        let order = self.order(kind, connections, pushes, pause);
        let sent = order.start(self.app.address).end().await?;
        self.expect(&sent);
        Ok(sent)
    }

    /// Sends for a time without measuring, then for a time with it, and waits until everything is at rest.
    ///
    /// # Errors
    /// An answer is wrong.
    pub async fn measure(
        &mut self,
        kind: Kind,
        connections: usize,
        warm_up: Duration,
        measured: Duration,
    ) -> Result<Measured> {
        let before = self.stats().await?;
        let mut running = self.order(kind, connections, usize::MAX, Duration::ZERO).start(self.app.address);
        running.go_on(warm_up).await?;
        let (first, from) = (self.stats().await?, Instant::now());
        running.go_on(measured).await?;
        let (last, to) = (self.stats().await?, Instant::now());
        let sent = running.stop().await?;
        self.expect(&sent);
        let rest_s = self.rest().await?.as_secs_f64();
        let all = self.stats().await?.since(&before);
        Ok(Measured { sent, window: (from, to), counted: last.since(&first), all, rest_s })
    }

    /// Waits until all webhooks have come and nothing is written any more. Returns how long that took, without the
    /// time in which nothing happened.
    ///
    /// # Errors
    /// When the runner does not tell, or something else than webhooks came to the receiver.
    pub async fn rest(&self) -> Result<Duration> {
        let started = Instant::now();
        let mut busy = started;
        let mut before = (self.stats().await?, self.app.receiver.count());
        loop {
            sleep(LOOK).await;
            let now = (self.stats().await?, self.app.receiver.count());
            if now.0.since(&before.0).application().writes > TIDYING || now.1 > before.1 {
                busy = Instant::now();
            }
            before = now;
            let patience = if before.1 >= self.expected { REST } else { PATIENCE };
            if busy.elapsed() >= patience {
                break;
            }
        }
        let strange = self.app.receiver.unreadable();
        ensure!(strange == 0, "{strange} requests to the receiver were no webhooks");
        Ok(busy - started)
    }

    fn order(&mut self, kind: Kind, connections: usize, pushes: usize, pause: Duration) -> Order {
        self.loads += 1;
        Order { kind, load: self.loads, connections, pushes, pause }
    }

    fn expect(&mut self, sent: &Sent) {
        self.expected += match sent.order.kind {
            Kind::Floor => 0,
            Kind::New | Kind::Recovery => sent.pushes(),
            Kind::Merge | Kind::Changed => 1,
            // To two channels, where each alert makes an incident.
            Kind::Batch => sent.pushes() * BATCH * 2,
        };
    }
}
