//! Delivering: carries events from outboxes and retry queues to subscribers.

use futures_util::StreamExt;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::attempt::attempt;
use super::payload::body;
use super::queue::{Item, Queue};
use super::retry::{Outcome, wait_ms};
use crate::board::head::Lease;
use crate::board::{Batch, Board, Event, decode_events};
use crate::config::{Config, Subscription};
use crate::fold::{FoldError, Folder, Ledger, ensure, key_of};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store, StoreError, Swap};
use crate::time::Timestamp;
use crate::value;

/// The most attempts of one subscription at the same time.
const PARALLEL: usize = 8;
/// The most retries of one subscription in one tick.
const RETRIES: usize = 64;
/// What was delivered is noted after this time, milliseconds: a crash has it delivered again.
const SETTLE_MS: u64 = 500;
/// How often a swap is tried.
const TRIES: usize = 32;

/// Carries events to subscribers.
pub struct Delivering<'a, S, C, R, O, L> {
    /// Reads and stores boards.
    pub folder: &'a Folder<'a, S, C, R>,
    /// Sends.
    pub outbound: &'a O,
    /// Writes lines about what failed.
    pub log: &'a L,
    /// The configuration.
    pub config: &'a Config,
}

/// What was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// Webhooks that a subscriber took.
    pub delivered: usize,
    /// Webhooks that will be tried again.
    pub put_off: usize,
    /// Webhooks that were given up.
    pub given_up: usize,
    /// When the next retry is due.
    pub next_at: Option<Timestamp>,
}

impl DeliveryReport {
    /// Adds up two reports.
    pub fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.put_off += other.put_off;
        self.given_up += other.given_up;
        self.next_at = [self.next_at, other.next_at].into_iter().flatten().min();
    }
}

impl<S: Store, C: Clock, R: Random, O: Outbound, L: Log> Delivering<'_, S, C, R, O, L> {
    /// Delivers the outbox of a channel, by the right of `token`, until it is empty or the right is lost. What was
    /// delivered is noted for several batches together: the board is what all who fold want to change.
    pub async fn deliver(&self, channel: i64, token: u64) -> Result<DeliveryReport, FoldError> {
        let (store, mut report) = (self.folder.store, DeliveryReport::default());
        let mut ledger = Ledger::read(store).await?;
        let (mut board, _) = self.folder.read_board(channel, &ledger).await?;
        loop {
            if board.head.lease.map(|lease| lease.token) != Some(token) {
                return Ok(report);
            }
            let (begun, mut done) = (self.folder.clock.now(), Vec::new());
            for batch in board.batches() {
                let events = self.events(&batch).await?;
                let sent = join_all(self.config.subscriptions.iter().map(|s| self.send(&ledger, s, &events))).await;
                for (subscription, sent) in self.config.subscriptions.iter().zip(sent) {
                    let (sent, failed) = sent?;
                    report.add(sent);
                    self.enqueue(&mut ledger, subscription, &failed).await?;
                }
                done.push((batch, events));
                if self.folder.clock.now().millis_since(begun) > SETTLE_MS {
                    break;
                }
            }
            if done.is_empty() {
                return Ok(report);
            }
            board = self.settle(channel, &ledger, token, &done).await?;
        }
    }

    async fn events(&self, batch: &Batch) -> Result<Vec<Event>, FoldError> {
        match batch {
            Batch::Inline(events) => Ok(events.clone()),
            Batch::Segment(key) => {
                let (bytes, _) = value::get(self.folder.store, key).await?.ok_or(FoldError::Stale)?;
                decode_events(&bytes).map_err(|problem| FoldError::Unreadable { key: key.clone(), problem })
            }
        }
    }

    /// Sends to one subscription what it wants of `events`; returns what it did not take, in order.
    async fn send<'e>(
        &self,
        ledger: &Ledger,
        subscription: &Subscription,
        events: &'e [Event],
    ) -> Result<(DeliveryReport, Vec<(&'e Event, Item)>), FoldError> {
        let wanted: Vec<&Event> = events.iter().filter(|event| wants(subscription, event)).collect();
        if wanted.is_empty() {
            return Ok(Default::default());
        }
        let queue = self.read_queue(ledger, subscription).await?.unwrap_or_default();
        let mut incidents: Vec<(&str, Vec<&Event>)> = Vec::new();
        for event in wanted {
            let id = event.ref_id();
            match incidents.iter_mut().find(|(known, _)| *known == id) {
                Some((_, events)) => events.push(event),
                None => incidents.push((id, vec![event])),
            }
        }
        let sending =
            incidents.into_iter().map(|(id, events)| self.send_in_order(subscription, queue.holds(id), events));
        let results: Vec<_> = futures_util::stream::iter(sending).buffered(PARALLEL).collect().await;
        let mut report = DeliveryReport::default();
        let mut failed = Vec::new();
        for (sent, items) in results {
            report.add(sent);
            failed.extend(items);
        }
        Ok((report, failed))
    }

    /// Sends the events of one incident, one after the other. From the first that is not taken on, all are left for
    /// the queue; all of them where earlier ones are there (`behind`).
    async fn send_in_order<'e>(
        &self,
        subscription: &Subscription,
        mut behind: bool,
        events: Vec<&'e Event>,
    ) -> (DeliveryReport, Vec<(&'e Event, Item)>) {
        let (mut report, mut left) = (DeliveryReport::default(), Vec::new());
        for event in events {
            let mut item = Item {
                event_id: event.event_id.clone(),
                incident_id: event.ref_id().to_owned(),
                attempts: 0,
                next_at: self.folder.clock.now(),
            };
            if behind {
                left.push((event, item));
                continue;
            }
            let body = body(event, subscription, self.config);
            match self.attempt(subscription, &event.event_id, &body).await {
                Outcome::Delivered => report.delivered += 1,
                Outcome::Refused { reason } => {
                    self.given_up(subscription, &event.event_id, 1, &reason);
                    report.given_up += 1;
                }
                Outcome::Retry { after_ms, reason } => {
                    self.failed(subscription, &event.event_id, 1, &reason);
                    report.put_off += 1;
                    item.attempts = 1;
                    let wait = wait_ms(1, after_ms, self.folder.random.next_u64()).unwrap_or(0);
                    item.next_at = self.folder.clock.now().plus_millis(wait);
                    left.push((event, item));
                    behind = true;
                }
            }
        }
        (report, left)
    }

    async fn attempt(&self, subscription: &Subscription, event_id: &str, body: &[u8]) -> Outcome {
        attempt(self.outbound, self.folder.clock, self.config, subscription, event_id, body).await
    }

    /// Puts what was not taken into the subscription's queue: the bodies first, then the queue that refers to them.
    async fn enqueue(
        &self,
        ledger: &mut Ledger,
        subscription: &Subscription,
        failed: &[(&Event, Item)],
    ) -> Result<(), FoldError> {
        if failed.is_empty() {
            return Ok(());
        }
        let (store, clock) = (self.folder.store, self.folder.clock);
        let bodies = failed.iter().flat_map(|(event, _)| {
            let key = keys::body(subscription.id, &event.event_id);
            value::split(&key, &body(event, subscription, self.config)).0
        });
        store.set_many(&bodies.collect::<Vec<_>>()).await?;
        let name = keys::queue_name(subscription.id);
        ensure(store, clock, ledger, &name, &Queue::default().encode()).await?;
        let items: Vec<Item> = failed.iter().map(|(_, item)| item.clone()).collect();
        self.change_queue(ledger, subscription, &mut |queue| {
            queue.add(&items);
            true
        })
        .await?;
        Ok(())
    }

    /// Notes that batches were delivered or queued. Returns the board as it then stands.
    async fn settle(
        &self,
        channel: i64,
        ledger: &Ledger,
        token: u64,
        done: &[(Batch, Vec<Event>)],
    ) -> Result<Board, FoldError> {
        let (folder, store) = (self.folder, self.folder.store);
        for _ in 0..TRIES {
            let (mut board, handle) = folder.read_board(channel, ledger).await?;
            let now = folder.clock.now();
            let mut documents = Vec::new();
            for (batch, events) in done {
                let left = folder.pages.loading(store, &mut board, |board| board.settle(batch, events, now)).await?;
                documents.extend(left);
            }
            if board.head.lease.map(|lease| lease.token) == Some(token) {
                let until = now.plus_millis(folder.lease_ms);
                board.head.lease = board.head.has_events().then_some(Lease { token, until });
            }
            if folder.store_board(&mut board, handle, documents).await? == Swap::Stored {
                return Ok(board);
            }
        }
        Err(FoldError::Contention(format!("the board of channel {channel}")))
    }

    /// Tries again what is due in every retry queue.
    pub async fn retry(&self, ledger: &Ledger) -> Result<DeliveryReport, FoldError> {
        let mut report = DeliveryReport::default();
        for done in join_all(self.config.subscriptions.iter().map(|s| self.retry_subscription(ledger, s))).await {
            report.add(done?);
        }
        Ok(report)
    }

    async fn retry_subscription(
        &self,
        ledger: &Ledger,
        subscription: &Subscription,
    ) -> Result<DeliveryReport, FoldError> {
        let mut report = DeliveryReport::default();
        let (clock, random) = (self.folder.clock, self.folder.random);
        loop {
            let now = clock.now();
            let Some(queue) = self.read_queue(ledger, subscription).await? else {
                return Ok(report);
            };
            report.next_at = queue.next_at();
            let taken = queue.lease.is_some_and(|lease| lease.until > now);
            if taken || queue.due(now, 1).is_empty() || report.delivered + report.put_off >= RETRIES {
                return Ok(report);
            }
            let lease = Lease { token: random.next_u64(), until: now.plus_millis(self.folder.lease_ms) };
            let queue = self
                .change_queue(ledger, subscription, &mut |queue| {
                    let free = queue.lease.is_none_or(|lease| lease.until <= now);
                    if free {
                        queue.lease = Some(lease);
                    }
                    free
                })
                .await?;
            if queue.lease != Some(lease) {
                return Ok(report);
            }
            let due = queue.due(now, PARALLEL);
            let outcomes = join_all(due.iter().map(|item| self.retry_item(subscription, item))).await;
            let mut done = Vec::new();
            let mut later = Vec::new();
            for (item, outcome) in due.iter().zip(outcomes) {
                let attempts = item.attempts + 1;
                let (after_ms, reason) = match outcome? {
                    Outcome::Delivered => {
                        report.delivered += 1;
                        done.push(item);
                        continue;
                    }
                    Outcome::Refused { reason } => (None, Err(reason)),
                    Outcome::Retry { after_ms, reason } => (after_ms, Ok(reason)),
                };
                let wait = wait_ms(attempts, after_ms, random.next_u64());
                match (reason, wait) {
                    (Ok(reason), Some(wait)) => {
                        self.failed(subscription, &item.event_id, attempts, &reason);
                        report.put_off += 1;
                        later.push((item, clock.now().plus_millis(wait)));
                    }
                    (Ok(reason) | Err(reason), _) => {
                        self.given_up(subscription, &item.event_id, attempts, &reason);
                        report.given_up += 1;
                        done.push(item);
                    }
                }
            }
            self.change_queue(ledger, subscription, &mut |queue| {
                done.iter().for_each(|item| queue.remove(&item.event_id));
                later.iter().for_each(|(item, next_at)| queue.put_off(&item.event_id, *next_at));
                if queue.lease == Some(lease) {
                    queue.lease = None;
                }
                true
            })
            .await?;
            let bodies: Vec<String> = done.iter().map(|item| keys::body(subscription.id, &item.event_id)).collect();
            if !bodies.is_empty() {
                self.folder.store.delete_many(&bodies).await?;
            }
        }
    }

    async fn retry_item(&self, subscription: &Subscription, item: &Item) -> Result<Outcome, FoldError> {
        let key = keys::body(subscription.id, &item.event_id);
        match value::get(self.folder.store, &key).await? {
            Some((body, _)) => Ok(self.attempt(subscription, &item.event_id, &body).await),
            None => Ok(Outcome::Refused { reason: "its body is gone".to_owned() }),
        }
    }

    async fn read_queue(&self, ledger: &Ledger, subscription: &Subscription) -> Result<Option<Queue>, FoldError> {
        let Some(key) = key_of(ledger, &keys::queue_name(subscription.id)) else {
            return Ok(None);
        };
        let bytes = self.folder.store.get(&key).await?.ok_or_else(|| StoreError(format!("{key} is gone")))?;
        decode(&key, &bytes).map(Some)
    }

    async fn change_queue(
        &self,
        ledger: &Ledger,
        subscription: &Subscription,
        change: &mut dyn FnMut(&mut Queue) -> bool,
    ) -> Result<Queue, FoldError> {
        let store = self.folder.store;
        let key = key_of(ledger, &keys::queue_name(subscription.id)).ok_or(FoldError::Stale)?;
        for _ in 0..TRIES {
            let (bytes, handle) = store.read_to_swap(&key).await?;
            let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
            let mut queue = decode(&key, &bytes)?;
            if !change(&mut queue) {
                return Ok(queue);
            }
            queue.version += 1;
            if store.swap(handle, &queue.encode()).await? == Swap::Stored {
                return Ok(queue);
            }
        }
        Err(FoldError::Contention(format!("the retry queue of subscription {}", subscription.id)))
    }

    fn failed(&self, subscription: &Subscription, event_id: &str, attempts: u32, reason: &str) {
        let id = subscription.id;
        self.log
            .line(&format!("delivery failed subscription={id} event={event_id} attempt={attempts} reason={reason:?}"));
    }

    fn given_up(&self, subscription: &Subscription, event_id: &str, attempts: u32, reason: &str) {
        let id = subscription.id;
        self.log.line(&format!(
            "delivery given up subscription={id} event={event_id} attempt={attempts} reason={reason:?}"
        ));
    }
}

/// Whether a subscription wants to hear of an event.
fn wants(subscription: &Subscription, event: &Event) -> bool {
    let (kind, chosen) = (event.event_type, &subscription.event_types);
    subscription.is_for_alerts() == event.is_alert()
        && subscription.covers(event.channel_id())
        && (chosen.is_empty() || !kind.is_selectable() || chosen.iter().any(|name| name == kind.name()))
}

fn decode(key: &str, bytes: &[u8]) -> Result<Queue, FoldError> {
    Queue::decode(bytes).map_err(|problem| FoldError::Unreadable { key: key.to_owned(), problem })
}
