//! Retrying: what waits in queues and is due, and what subscriptions are behind with.

use std::cell::Cell;

use futures_util::future::join_all;

use super::account::Account;
use super::breaker::Gate;
use super::catching_up::Reached;
use super::delivering::Delivering;
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
use crate::json;
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
        for _ in 0..ROUNDS {
            let now = clock.now();
            let line = Line::new(subscription, queue, false);
            let Some(round) = Round::of(&line, behind, now) else {
                report.next_at = next_at(&line, behind);
                return Ok(report);
            };
            let lease = Lease { token: self.folder.random.next_u64(), until: now.plus_millis(self.folder.lease_ms) };
            let take = &mut |queue: &mut Queue| {
                let free = queue.lease.is_none_or(|lease| lease.until <= now);
                if free {
                    queue.lease = Some(lease);
                    if round.gated {
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
            let mut account = Account::new(keys::queue_name(subscription.id), self.folder.random);
            self.send_items(&round, &mut line, &mut account).await?;
            let mut reached = Reached::default();
            line.probing = round.probes && !line.is_open(clock.now());
            if behind && (line.probing || line.is_open(clock.now())) {
                reached = self.catch_up(boards, &mut line, &mut account).await?;
                // What the boards said is done with; what is more is for the next call.
                behind = false;
                report.next_at = reached.more.then(|| clock.now());
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
                    self.log.line(&format!("delivery lost subscription={id} event={event_id}: it is too old"));
                    line.give_up(&item.event_id);
                }
            }
        }
        let (sending, nobody, subscription) = (self.sending(), Cell::new(false), line.subscription);
        let sent = due.iter().map(|(item, told)| sending.send_one(subscription, told, Some(item.attempts), &nobody));
        let sent: Vec<Sent<'_>> = join_all(sent).await;
        for (mut sent, (item, told)) in sent.into_iter().zip(&due) {
            let told = told.standing_in(&item.segment);
            sent.told = &told;
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
        let body: serde_json::Value = json::from_slice(&bytes).unwrap_or_default();
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
            // Whoever has the right now has a log of its own by now; what was tried here is then not accounted for.
            if queue.lease == Some(lease) {
                (queue.lease, queue.log) = (None, log.clone());
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
    /// Whether the breaker is open but for this.
    gated: bool,
    /// Whether one event is to be sent to find out how the subscriber fares.
    probes: bool,
}

impl Round {
    /// What there is to do now, if anything.
    fn of(line: &Line<'_>, behind: bool, now: Timestamp) -> Option<Self> {
        let queue = &line.queue;
        if queue.lease.is_some_and(|lease| lease.until > now) {
            return None;
        }
        let gate = queue.breaker.may_send(now);
        let items = match gate {
            Gate::Wait(_) | Gate::Stopped => return None,
            // The next one in turn: one that alone is refused must not keep the others from being tried.
            Gate::Probe => queue.next_up().into_iter().collect(),
            Gate::Send => queue.due(now, PARALLEL),
        };
        let probes = gate == Gate::Probe || line.is_suspect();
        let catches_up = behind && (probes || line.is_open(now));
        (!items.is_empty() || catches_up).then_some(Self { items, gated: gate == Gate::Probe, probes })
    }
}

/// When there is something to do next.
fn next_at(line: &Line<'_>, behind: bool) -> Option<Timestamp> {
    let queue = &line.queue;
    let leased = queue.lease.map(|lease| lease.until);
    let open = queue.breaker.next_at()?;
    let due = queue.next_at().or(behind.then_some(open))?;
    let due = if open > Timestamp::default() { open } else { due };
    Some(leased.map_or(due, |until| until.max(due)))
}
