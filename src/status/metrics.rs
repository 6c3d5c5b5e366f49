//! The figures: read from documents that are there anyhow, and written as Prometheus reads them.
//!
//! Instances are many and short-lived, so nothing is kept in them: what is counted stands in boards, queues and the ledger,
//! and is as exact as they are. Labels are ids and words of the protocol, never a name or a text that somebody gave.

use super::text::Text;
use crate::board::totals::{PROGRESSES, SEVERITIES, total};
use crate::board::{Batch, Board, Unread};
use crate::config::{Config, Subscription};
use crate::delivery::Queue;
use crate::delivery::breaker::Gate;
use crate::error::Code;
use crate::fold::{FoldError, Folder, Gathered, Ledger, PageCache, gather};
use crate::ingest::ALERTS;
use crate::journal::Read;
use crate::keys;
use crate::ports::{Clock, Random, Store, StoreError};
use crate::sorted::SortedMap;
use crate::time::Timestamp;

/// What intake refuses with.
const CODES: [Code; 9] = [
    Code::InvalidParameter,
    Code::InvalidContentType,
    Code::MethodNotAllowed,
    Code::AccessDenied,
    Code::RouteNotFound,
    Code::EntityTooLarge,
    Code::RequestTooFrequently,
    Code::InternalError,
    Code::ServiceUnavailable,
];

/// All that is read.
struct Figures<'a> {
    config: &'a Config,
    now: Timestamp,
    /// With what the journal has beyond it counted.
    ledger: Ledger,
    boards: Vec<Board<Unread>>,
    /// When the oldest event in the outbox of each board happened, Unix milliseconds.
    outboxes: Vec<Option<u64>>,
    queues: SortedMap<i64, Queue>,
    refused: Vec<(&'static str, u64)>,
    streams: u64,
    /// Records that a board has still to read, and when the oldest was received.
    waiting: (u64, Option<Timestamp>),
}

/// Reads the figures and writes them.
///
/// # Errors
/// The store fails, or has what this version does not know.
pub async fn metrics<S: Store, P: Clock + Random>(store: &S, ports: &P, config: &Config) -> Result<String, FoldError> {
    let gathered = gather(store, ports).await?;
    let pages = PageCache::default();
    let folder = Folder { store, clock: ports, random: ports, pages: &pages, lease_ms: 0 };
    let boards = folder.stored_boards(&gathered.ledger).await?;
    let mut outboxes = Vec::new();
    for board in &boards {
        let oldest = match board.batches().into_iter().next() {
            Some(Batch::Inline(events)) => events.first().map(|event| event.event_time),
            // Only in a storm, or where nobody delivers. It may just have been delivered.
            Some(Batch::Segment(key)) => match folder.events(key).await {
                Ok(events) => events.first().map(|event| event.event_time),
                Err(FoldError::Stale) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        outboxes.push(oldest);
    }
    let queues = queues(store, &gathered.ledger).await?;
    let mut refused = Vec::new();
    for name in CODES.map(Code::name).into_iter().chain([ALERTS]) {
        refused.push((name, u64::try_from(store.counter(&keys::refused(name)).await?).unwrap_or(0)));
    }
    let (waiting, streams, now) = (waiting(&gathered, &boards), gathered.known, ports.now());
    let mut ledger = gathered.ledger;
    let records: Vec<&Read> = gathered.records.iter().collect();
    ledger.count(&records);
    let figures = Figures { config, now, ledger, boards, outboxes, queues, refused, streams, waiting };
    let mut text = Text::default();
    figures.intake(&mut text);
    figures.boards(&mut text);
    figures.deliveries(&mut text);
    figures.storing(&mut text);
    Ok(text.finish())
}

/// All queues, in one call.
async fn queues(store: &impl Store, ledger: &Ledger) -> Result<SortedMap<i64, Queue>, FoldError> {
    let (mut ids, mut keys) = (Vec::new(), Vec::new());
    for (name, number) in &ledger.roots {
        if let Some(id) = keys::queue_subscription(name) {
            ids.push(id);
            keys.push(keys::root(name, *number));
        }
    }
    let mut queues = SortedMap::new();
    for ((id, key), bytes) in ids.into_iter().zip(&keys).zip(store.get_many(&keys).await?) {
        let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
        let queue = Queue::decode(&bytes);
        queues.insert(id, queue.map_err(|problem| FoldError::Unreadable { key: key.clone(), problem })?);
    }
    Ok(queues)
}

/// The records that a board has still to read, and when the oldest was received. What goes everywhere waits until the
/// ledger has passed it: a board on which nothing came of it does not note that it was read.
fn waiting(gathered: &Gathered, boards: &[Board<Unread>]) -> (u64, Option<Timestamp>) {
    let (stands, mut count, mut oldest) = (gathered.ledger.version, 0, None);
    for read in &gathered.records {
        // A board that knows a later ledger has let go of how far it read what that one has passed.
        let has_read = |board: &Board<Unread>| {
            board.head.ledger > stands || board.head.heads.get(&read.place.stream).is_some_and(|n| *n >= read.place.n)
        };
        let reads = |id: &i64| boards.iter().any(|board| board.head.channel_id == *id && has_read(board));
        let done = |ids: &[i64]| !ids.is_empty() && ids.iter().all(reads);
        if !read.record.accepted.iter().all(|accepted| done(&accepted.channel_ids)) {
            count += 1;
            oldest = oldest.or(Some(read.record.received));
        }
    }
    (count, oldest)
}

impl Figures<'_> {
    fn intake(&self, text: &mut Text) {
        text.gauge("alarum_build_info", "The version, as a label.");
        text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        let ledger = &self.ledger;
        text.counter("alarum_accepted_requests_total", "Requests of which something was stored.");
        text.by_id("integration_id", ledger.counts.by_id(Ledger::REQUESTS));
        text.counter("alarum_accepted_alerts_total", "Events of alerts that were stored.");
        text.by_id("integration_id", ledger.counts.by_id(Ledger::ALERTS));
        text.counter("alarum_refused_requests_total", "Pushes that were refused, by the code of the error.");
        for (name, count) in self.refused.iter().filter(|(name, _)| *name != ALERTS) {
            text.sample(&[("code", name)], *count);
        }
        text.counter("alarum_refused_alerts_total", "Alerts that were refused in pushes that were taken.");
        for (_, count) in self.refused.iter().filter(|(name, _)| *name == ALERTS) {
            text.sample(&[], *count);
        }
    }

    fn boards(&self, text: &mut Text) {
        text.counter("alarum_alerts_total", "Alerts opened, merged into an open one, and recovered.");
        for board in &self.boards {
            for (result, place) in [("new", total::NEW), ("merged", total::MERGED), ("recovered", total::RECOVERED)] {
                let channel = board.head.channel_id.to_string();
                text.sample(&[("channel_id", &channel), ("result", result)], board.head.counts.get(place));
            }
        }
        let of_totals = |place: &'static str| move |board: &Board<Unread>| board.head.counts.get(place);
        text.counter("alarum_incidents_opened_total", "Incidents that were made.");
        self.each_board(text, of_totals(total::OPENED));
        text.counter("alarum_incidents_reopened_total", "Incidents that were opened again.");
        self.each_board(text, of_totals(total::REOPENED));
        text.counter("alarum_incidents_closed_total", "Incidents that were closed.");
        self.each_board(text, of_totals(total::CLOSED));
        text.gauge("alarum_open_incidents", "Incidents that are not closed.");
        for board in &self.boards {
            let channel = board.head.channel_id.to_string();
            for (progress, names) in PROGRESSES.iter().zip(total::OPEN) {
                for (severity, name) in SEVERITIES.iter().zip(names) {
                    let labels =
                        [("channel_id", &*channel), ("progress", progress.name()), ("severity", severity.name())];
                    text.sample(&labels, board.head.counts.get(name));
                }
            }
        }
    }

    fn deliveries(&self, text: &mut Text) {
        let delivered = self.boards.iter().map(|board| board.head.counts.get(total::DELIVERED));
        text.counter("alarum_webhooks_delivered_total", "Webhooks that a subscriber took.");
        let later = self.queues.values().map(|queue| queue.counts.get(Queue::DELIVERED));
        text.sample(&[], sum(delivered.chain(later)));
        text.counter("alarum_webhooks_failed_total", "Attempts that were not taken.");
        text.by_id("subscription_id", self.of_subscriptions(std::iter::empty(), Queue::FAILED));
        let given_up = self.boards.iter().flat_map(|board| board.head.counts.by_id(total::GIVEN_UP));
        text.counter("alarum_webhooks_given_up_total", "Webhooks that were given up.");
        text.by_id("subscription_id", self.of_subscriptions(given_up, Queue::GIVEN_UP));

        let told: Vec<&Subscription> = self
            .config
            .subscriptions
            .iter()
            .filter(|subscription| subscription.enabled && !subscription.is_action())
            .collect();
        let none = &Queue::default();
        let queue = |subscription: &Subscription| self.queues.get(&subscription.id).unwrap_or(none);
        let each = |text: &mut Text, value: &dyn Fn(&Subscription) -> u64| {
            for subscription in &told {
                text.by_id("subscription_id", [(subscription.id, value(subscription))]);
            }
        };
        text.gauge("alarum_queue_events", "Events that wait in the queue of a subscription.");
        each(text, &|s| queue(s).items.len() as u64);
        text.gauge("alarum_subscription_behind", "Channels of which a subscription is told from the log.");
        each(text, &|s| self.boards.iter().filter(|board| board.is_behind(s.id)).count() as u64);
        text.gauge("alarum_subscription_state", "How a subscription fares: 1 for its state.");
        for subscription in &told {
            let labels =
                [("subscription_id", &*subscription.id.to_string()), ("state", self.state(queue(subscription)))];
            text.sample(&labels, 1);
        }
        text.gauge(
            "alarum_subscription_oldest_event_age_seconds",
            "Age of the oldest event that a subscription waits for.",
        );
        let age = |s: &Subscription| {
            let behind = self.boards.iter().filter_map(|board| board.told().begins_ms(board.behind(s.id)?));
            self.age(behind.chain(self.queued_ms(s.id, queue(s))).min())
        };
        each(text, &age);
        text.gauge("alarum_outbox_oldest_event_age_seconds", "Age of the oldest event that nobody was told of yet.");
        for (board, oldest) in self.boards.iter().zip(&self.outboxes) {
            text.by_id("channel_id", [(board.head.channel_id, self.age(*oldest))]);
        }
        let outboxes = self.outboxes.iter().map(|oldest| self.age(*oldest));
        let unpaused = told.iter().filter(|s| !queue(s).breaker.is_paused()).map(|s| age(s));
        text.gauge(
            "alarum_oldest_undelivered_event_age_seconds",
            "Age of the oldest event that somebody is still to be told of; those of paused subscriptions are left out.",
        );
        text.sample(&[], outboxes.chain(unpaused).max().unwrap_or(0));
    }

    fn storing(&self, text: &mut Text) {
        let ledger = &self.ledger;
        text.counter("alarum_journal_records_total", "Records of the journal that folders have seen.");
        text.sample(&[], ledger.counts.get(Ledger::RECORDS));
        text.counter("alarum_journal_streams_total", "Streams that instances of intake have begun.");
        text.sample(&[], self.streams);
        text.gauge("alarum_journal_waiting_records", "Records that a board has still to read.");
        text.sample(&[], self.waiting.0);
        text.gauge("alarum_journal_oldest_waiting_record_age_seconds", "Age of the oldest of them.");
        text.sample(&[], self.waiting.1.map_or(0, |at| self.now.millis_since(at) / 1000));
        text.counter("alarum_folds_total", "Folds that stored a board.");
        self.each_board(text, |board| board.head.counts.get(total::FOLDS));
        text.counter("alarum_folded_records_total", "Records that were applied to a board.");
        self.each_board(text, |board| board.head.counts.get(total::RECORDS));
        let boards = |figure: &dyn Fn(&Board<Unread>) -> u64| sum(self.boards.iter().map(figure));
        text.counter("alarum_swaps_total", "Swaps that stored a document.");
        text.sample(&[("document", "ledger")], ledger.version);
        text.sample(&[("document", "board")], boards(&|board| board.head.version));
        text.sample(&[("document", "queue")], sum(self.queues.values().map(|queue| queue.version)));
        text.counter("alarum_swaps_lost_total", "Swaps that came too late: their work was done again.");
        text.sample(&[("document", "ledger")], ledger.counts.get(Ledger::LOST));
        text.sample(&[("document", "board")], boards(&|board| board.head.counts.get(total::LOST)));
        text.sample(&[("document", "queue")], sum(self.queues.values().map(|queue| queue.counts.get(Queue::LOST))));
    }

    fn each_board(&self, text: &mut Text, value: impl Fn(&Board<Unread>) -> u64) {
        for board in &self.boards {
            text.by_id("channel_id", [(board.head.channel_id, value(board))]);
        }
    }

    /// What boards and queues count for each subscription.
    fn of_subscriptions(&self, boards: impl Iterator<Item = (i64, u64)>, name: &str) -> SortedMap<i64, u64> {
        let mut sums = SortedMap::new();
        let told = self.config.subscriptions.iter().filter(|s| !s.is_action()).map(|s| (s.id, 0));
        let queues = self.queues.iter().map(|(id, queue)| (*id, queue.counts.get(name)));
        for (id, count) in told.chain(boards).chain(queues) {
            let sum: &mut u64 = sums.entry(id).or_insert(0);
            *sum = sum.saturating_add(count);
        }
        sums
    }

    /// When the oldest event in a queue happened, Unix milliseconds: when the segment begins in which it stands.
    fn queued_ms(&self, subscription: i64, queue: &Queue) -> Option<u64> {
        let key = &queue.items.first()?.segment;
        let own = (keys::queue_name(subscription), &queue.log);
        let of_boards = self.boards.iter().map(|board| (keys::board_name(board.head.channel_id), board.told()));
        let of_owner = |(owner, _): &(String, _)| key.starts_with(&keys::delivered_by(owner));
        let (owner, log) = of_boards.chain([own]).find(of_owner)?;
        log.stored_ms(&owner, key)
    }

    /// In a word how a subscription fares.
    fn state(&self, queue: &Queue) -> &'static str {
        let breaker = &queue.breaker;
        match breaker.may_send(self.now) {
            _ if breaker.is_paused() => "paused",
            Gate::Stopped => "gone",
            _ if breaker.is_open() => "open",
            _ if breaker.is_suspect() => "suspect",
            _ if breaker.failures() > 0 => "failing",
            _ => "healthy",
        }
    }

    /// How long ago a moment was, seconds; 0 where there is none.
    fn age(&self, ms: Option<u64>) -> u64 {
        ms.map_or(0, |ms| self.now.millis().saturating_sub(ms) / 1000)
    }
}

fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}
