//! Retrying: what waits in queues and is due, and what subscriptions are behind with.

use futures_util::future::join_all;

use super::account::Account;
use super::breaker::Gate;
use super::catching_up::Reached;
use super::delivering::{Delivering, SEND_MS};
use super::line::{Line, Noted, Sent};
use super::log::{Loaded, Missing};
use super::queue::{Item, Queue};
use super::report::DeliveryReport;
use super::segment::{Segment, Told};
use super::sending::PARALLEL;
use crate::board::head::Lease;
use crate::board::{Board, Unread};
use crate::config::Subscription;
use crate::fold::{FoldError, Ledger, key_of, load_index};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store};
use crate::sorted::SortedMap;
use crate::time::Timestamp;
use crate::value;

/// The most rounds for a subscription in one go.
const ROUNDS: usize = 8;

impl<'a, S: Store, C: Clock, R: Random, O: Outbound, L: Log> Delivering<'a, S, C, R, O, L> {
    /// Tries again what is due in every queue, and tells subscriptions what they are behind with.
    pub async fn retry(&self, ledger: &Ledger) -> Result<DeliveryReport, FoldError> {
        let mut troubled = Vec::new();
        for subscription in self.config.subscriptions.iter().filter(|subscription| subscription.enabled) {
            if key_of(ledger, &keys::queue_name(subscription.id)).is_some() {
                troubled.push(subscription);
            }
        }
        if troubled.is_empty() {
            return Ok(DeliveryReport::default());
        }
        let boards = self.folder.stored_boards(ledger).await?;
        let queues = self.read_queues(ledger, &troubled).await?;
        let rounds = troubled.iter().zip(queues).map(|(s, queue)| self.retry_subscription(ledger, s, queue, &boards));
        let mut report = DeliveryReport::default();
        for done in join_all(rounds).await {
            report.add(done?);
        }
        Ok(report)
    }

    /// Rounds for one subscription, until nothing more can be done now.
    async fn retry_subscription(
        &self,
        ledger: &Ledger,
        subscription: &'a Subscription,
        mut queue: Queue,
        boards: &[Board<Unread>],
    ) -> Result<DeliveryReport, FoldError> {
        let (mut report, clock) = (DeliveryReport::default(), self.folder.clock);
        let mut behind = boards.iter().any(|board| board.is_behind(subscription.id)) || !queue.replays.is_empty();
        let mut more = false;
        for _ in 0..ROUNDS {
            let now = clock.now();
            let line = Line::new(subscription, queue, false);
            let Some(round) = Round::of(&line, behind, now) else {
                report.next_at = next_at(&line, behind || more);
                return Ok(report);
            };
            let lease = Lease { token: self.folder.random.next_u64(), until: now.plus_millis(self.folder.lease_ms) };
            let take = &mut |queue: &mut Queue| {
                let free = queue.lease.is_none_or(|lease| lease.until <= now);
                if free {
                    queue.lease = Some(lease);
                    if round.probes {
                        queue.breaker.probe(now, self.folder.lease_ms);
                    }
                }
                free
            };
            let stored = self.change_queue(ledger, subscription, take).await?;
            if stored.lease != Some(lease) {
                report.next_at = stored.lease.map(|lease| lease.until);
                return Ok(report);
            }
            let mut line = Line::new(subscription, stored, false);
            line.until = now.plus_millis(SEND_MS);
            let mut account = Account::new(keys::queue_name(subscription.id), self.folder.random);
            self.send_items(&round, &mut line, &mut account).await?;
            let mut reached = Reached::default();
            line.probing = round.items.is_empty() && !line.is_open(clock.now());
            if behind && (line.probing || line.is_open(clock.now())) {
                reached = self.catch_up(boards, &mut line, &mut account).await?;
                // What the boards said is done with; what is more is for the next call.
                (behind, more) = (false, reached.more);
            }
            report.add(line.report);
            queue = self.store_round(ledger, (line, round, lease), account, &reached).await?;
        }
        report.next_at = Some(clock.now());
        Ok(report)
    }

    /// Sends what waits and is due.
    async fn send_items(
        &self,
        round: &Round,
        line: &mut Line<'a>,
        account: &mut Account<'_, R>,
    ) -> Result<(), FoldError> {
        let mut segments: SortedMap<String, Option<Segment>> = SortedMap::new();
        for item in &round.items {
            if !segments.contains_key(&item.segment) && !item.segment.is_empty() {
                segments.insert(item.segment.clone(), self.segment(&item.segment).await?);
            }
        }
        let mut due = Vec::new();
        for item in &round.items {
            let told = match segments.get(&item.segment) {
                Some(segment) => segment.as_ref().and_then(|segment| segment.event(&item.event_id)).cloned(),
                None => self.event_of_its_own(line.subscription, item).await?,
            };
            match told {
                Some(told) => due.push((item, told)),
                None => {
                    let (id, event_id) = (line.subscription.id, &item.event_id);
                    self.log.line(&format!(
                        "level=warn msg=\"delivery lost\" subscription={id} event={event_id} reason=\"it is too old\""
                    ));
                    line.give_up(&item.event_id);
                }
            }
        }
        let (sending, subscription) = (self.sending(), line.subscription);
        let sent = join_all(due.iter().map(|(_, told)| sending.try_once(subscription, told))).await;
        for ((tried, body), (item, told)) in sent.into_iter().zip(&due) {
            let (told, waited) = (&told.standing_in(&item.segment), Some((item.attempts, item.spared)));
            let sent = Sent { told, waited, tried: Some(tried), body };
            line.settle(sent, account, self.folder.random, self.log);
        }
        Ok(())
    }

    /// An event whose body stands under a key of its own, as earlier versions had it.
    async fn event_of_its_own(&self, subscription: &Subscription, item: &Item) -> Result<Option<Told>, FoldError> {
        let key = keys::body(subscription.id, &item.event_id);
        let Some((bytes, _)) = value::get(self.folder.store, &key).await? else {
            return Ok(None);
        };
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Some(Told {
            event_id: item.event_id.clone(),
            event_type: body["event_type"].as_str().unwrap_or_default().to_owned(),
            event_time: body["event_time"].as_u64().unwrap_or_default(),
            ref_id: item.ref_id.clone(),
            channel_id: body["incident"]["channel_id"].as_i64().unwrap_or_default(),
            body: String::from_utf8(bytes).unwrap_or_default(),
            ..Told::default()
        }))
    }

    /// Stores what a round did: the segments, the queue, and last how far boards were caught up with.
    async fn store_round(
        &self,
        ledger: &Ledger,
        (line, round, lease): (Line<'a>, Round, Lease),
        account: Account<'_, R>,
        reached: &Reached,
    ) -> Result<Queue, FoldError> {
        let (subscription, folder) = (line.subscription, self.folder);
        let owner = keys::queue_name(subscription.id);
        let (mut log, mut writes) = (line.queue.log.clone(), Vec::new());
        for mut segment in account.finish() {
            writes.append(&mut segment.entries);
            writes.extend(log.push(&owner, segment.id, segment.parts, segment.span, &mut || folder.random.next_u64()));
        }
        let before_ms = folder.clock.now().millis().saturating_sub(self.config.history_ms());
        let mut loaded = Loaded::default();
        let mut dropped = loop {
            match log.expire(&owner, before_ms, &loaded) {
                Ok(keys) => break keys,
                Err(Missing(id)) => load_index(folder.store, &owner, id, &mut loaded).await?,
            }
        };
        if !writes.is_empty() {
            folder.store.set_many(&writes).await?;
        }
        let noting = &mut |queue: &mut Queue| {
            line.noted.iter().for_each(|noted| noted.note(queue));
            reached.note(&mut queue.replays);
            queue.count(&line.report);
            // Whoever has the right now has a log of its own by now; what was tried here is then not accounted for.
            if queue.lease == Some(lease) {
                (queue.lease, queue.log) = (None, log.clone());
                queue.breaker.probed();
            }
            true
        };
        let stored = self.change_queue(ledger, subscription, noting).await?;
        // What earlier versions queued had bodies of its own.
        for done in line.noted.iter().filter_map(Noted::done) {
            if round.items.iter().any(|item| item.event_id == done && item.segment.is_empty()) {
                dropped.push(keys::body(subscription.id, done));
            }
        }
        if !dropped.is_empty() {
            folder.store.delete_many(&dropped).await?;
        }
        self.store_reached(ledger, subscription.id, reached).await?;
        Ok(stored)
    }
}

/// What is done in a round.
struct Round {
    items: Vec<Item>,
    /// Whether one event is sent, to find out how the subscriber fares; without an item one from a log.
    probes: bool,
}

impl Round {
    /// What there is to do now, if anything.
    fn of(line: &Line<'_>, behind: bool, now: Timestamp) -> Option<Self> {
        let queue = &line.queue;
        if queue.lease.is_some_and(|lease| lease.until > now) {
            return None;
        }
        let probes = match queue.breaker.may_send(now) {
            Gate::Wait(_) | Gate::Stopped => return None,
            Gate::Probe => true,
            Gate::Send => false,
        };
        let from_log = behind && !queue.is_full();
        // Something that was never tried, wherever it waits: events that alone are not taken must not keep the others
        // from showing how the subscriber fares.
        let in_turn = |item: &Item| !from_log && (queue.breaker.is_open() || item.next_at <= now);
        let items = match probes {
            true => queue.untried().or_else(|| queue.next_up().filter(in_turn)).into_iter().collect(),
            false => queue.due(now, PARALLEL),
        };
        (!items.is_empty() || from_log).then_some(Self { items, probes })
    }
}

/// When there is something to do next.
fn next_at(line: &Line<'_>, behind: bool) -> Option<Timestamp> {
    let queue = &line.queue;
    let leased = queue.lease.map(|lease| lease.until);
    let open = queue.breaker.next_at()?;
    let due = queue.next_at().or(behind.then_some(open))?;
    let asked = queue.breaker.is_open() || (behind && queue.breaker.is_suspect());
    let due = if asked { open } else { due.max(open) };
    Some(leased.map_or(due, |until| until.max(due)))
}
