//! Delivering: tells subscribers what stands in a channel's outbox.

use futures_util::future::join_all;

use super::account::{Account, Written};
use super::attempt::Attempted;
use super::line::Line;
use super::report::DeliveryReport;
use super::segment::Told;
use super::sending::Sending;
use super::wants::wants;
use crate::board::head::Lease;
use crate::board::{Batch, Board, Event, Unread};
use crate::config::{Config, Subscription};
use crate::fold::{FoldError, Folder, Ledger};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store, Swap};

/// What was delivered is noted after this time, milliseconds: a crash has it delivered again.
const SETTLE_MS: u64 = 500;
/// How long events are begun to be sent in one go, milliseconds. What was not begun by then waits in the queue: the right
/// to deliver must outlast every attempt.
pub const SEND_MS: u64 = 5_000;
/// Where so much of the right to deliver has passed before anything was sent, it is taken anew, milliseconds.
const LATE_MS: u64 = 5_000;
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

impl<'a, S: Store, C: Clock, R: Random, O: Outbound, L: Log> Delivering<'a, S, C, R, O, L> {
    /// Delivers the outbox of a channel, by the right of `token`, until it is empty or the right is lost. What was
    /// delivered is noted for several batches together: the board is what all who fold want to change.
    pub async fn deliver(&self, channel: i64, token: u64) -> Result<DeliveryReport, FoldError> {
        let mut report = DeliveryReport::default();
        let mut ledger = Ledger::read(self.folder.store).await?;
        let (mut board, _) = self.folder.read_head(channel, &ledger).await?;
        // The events of the head that were told last. A fold may move them to a segment before that is noted.
        let mut moved: Vec<String> = Vec::new();
        loop {
            let Some(lease) = board.head.lease.filter(|lease| lease.token == token && board.head.has_events()) else {
                return Ok(report);
            };
            let mut account = Account::new(keys::board_name(channel), self.folder.random);
            let begun = self.folder.clock.now();
            if lease.until < begun.plus_millis(self.folder.lease_ms.saturating_sub(LATE_MS)) {
                board = self.settle(channel, &mut ledger, token, &[], Vec::new(), account).await?;
                continue;
            }
            let (mut lines, mut done) = (self.lines(&ledger, &board).await?, Vec::new());
            lines.iter_mut().for_each(|line| line.until = begun.plus_millis(SEND_MS));
            for batch in board.batches() {
                let events = self.events(&batch).await?;
                let new: Vec<&Event> = events.iter().filter(|event| !moved.contains(&event.event_id)).collect();
                self.tell(&mut lines, &new, &mut account).await;
                if let Batch::Inline(_) = batch {
                    moved = events.iter().map(|event| event.event_id.clone()).collect();
                }
                done.push((batch, events));
                if self.folder.clock.now().millis_since(begun) > SETTLE_MS {
                    break;
                }
            }
            lines.iter().for_each(|line| report.add(line.report));
            board = self.settle(channel, &mut ledger, token, &done, lines, account).await?;
        }
    }

    /// A line for each subscription that is told anything.
    async fn lines(&self, ledger: &Ledger, board: &Board<Unread>) -> Result<Vec<Line<'a>>, FoldError> {
        let channel = board.head.channel_id;
        let concerns = |ids: &[i64]| ids.is_empty() || ids.contains(&channel);
        let mut subscriptions = Vec::new();
        let told = |s: &&Subscription| s.enabled && !s.is_action() && concerns(&s.channel_ids);
        for subscription in self.config.subscriptions.iter().filter(told) {
            subscriptions.push(subscription);
        }
        let queues = self.read_queues(ledger, &subscriptions).await?;
        let line = |(subscription, queue)| Line::new(subscription, queue, board.is_behind(subscription.id));
        Ok(subscriptions.into_iter().zip(queues).map(line).collect())
    }

    async fn events(&self, batch: &Batch) -> Result<Vec<Event>, FoldError> {
        match batch {
            Batch::Inline(events) => Ok(events.clone()),
            Batch::Segment(key) => self.folder.events(key.clone()).await,
        }
    }

    /// Tells every subscription of some events. Who is to be told later is noted as behind.
    async fn tell(&self, lines: &mut [Line<'a>], events: &[&Event], account: &mut Account<'_, R>) {
        let told: Vec<Told> = events.iter().map(|event| Told::of(event, self.config)).collect();
        let now = self.folder.clock.now();
        let waits = |line: &Line<'a>, told: &Told| !line.is_open(now) && wants(line.subscription, told);
        let falls = |line: &Line<'a>| !line.behind && told.iter().any(|told| waits(line, told));
        if lines.iter().any(falls) {
            // What it was sent before stands in other segments: it is not told that again.
            let from = account.part();
            for line in lines.iter_mut().filter(|line| falls(line)) {
                (line.behind, line.from) = (true, from);
            }
        }
        for line in lines.iter() {
            for told in told.iter().filter(|told| waits(line, told)) {
                account.tell(told);
            }
        }
        let sending = self.sending();
        let open = lines.iter().filter(|line| line.is_open(now)).map(|line| sending.send(line, told.iter()));
        let mut sent = join_all(open).await.into_iter();
        for line in lines.iter_mut().filter(|line| line.is_open(now)) {
            for sent in sent.next().into_iter().flatten() {
                line.settle(sent, account, self.folder.random, self.log);
            }
        }
    }

    /// Sends something to a subscription once, whatever becomes of it; and the body that was sent, where it was not the
    /// event's own.
    pub(crate) async fn send_once(&self, subscription: &Subscription, told: &Told) -> (Attempted, Option<Vec<u8>>) {
        self.sending().try_once(subscription, told).await
    }

    pub(super) fn sending(&self) -> Sending<'_, C, O> {
        Sending { clock: self.folder.clock, outbound: self.outbound, config: self.config }
    }

    /// Notes what was delivered: first what waits, in the queues, then that it is no longer in the outbox. Returns the
    /// board as it then stands.
    async fn settle(
        &self,
        channel: i64,
        ledger: &mut Ledger,
        token: u64,
        done: &[(Batch, Vec<Event>)],
        mut lines: Vec<Line<'a>>,
        account: Account<'_, R>,
    ) -> Result<Board<Unread>, FoldError> {
        let folder = self.folder;
        let mut segments = account.finish();
        if lines.iter().any(|line| line.has_notes()) {
            // What waits refers to them.
            self.store_segments(&mut segments).await?;
        }
        for line in &mut lines {
            self.store_notes(ledger, line).await?;
        }
        for _ in 0..TRIES {
            let (mut board, handle) = folder.read_head(channel, ledger).await?;
            let now = folder.clock.now();
            for (batch, events) in done {
                board.settle(batch, events, now);
            }
            for line in &lines {
                board.count_told(line.subscription.id, line.report.delivered, line.report.given_up);
            }
            let (first, mut written) = (board.head.log.next_seq(), Vec::new());
            for segment in &segments {
                written.extend(segment.entries.iter().cloned());
                let random = &mut || folder.random.next_u64();
                let owner = &keys::board_name(channel);
                written.extend(board.head.log.push(owner, segment.id, segment.parts, segment.span, random));
            }
            for line in lines.iter().filter(|line| line.behind) {
                board.fall_behind(line.subscription.id, first.saturating_add(line.from));
            }
            board.forget_behind(|id| self.config.subscriptions.iter().any(|s| s.id == id && s.enabled));
            folder.expire_told(&mut board, now.millis().saturating_sub(self.config.history_ms())).await?;
            if board.head.lease.map(|lease| lease.token) == Some(token) {
                let until = now.plus_millis(folder.lease_ms);
                board.head.lease = board.head.has_events().then_some(Lease { token, until });
            }
            if folder.store_head(&mut board, handle, written).await? == Swap::Stored {
                return Ok(board);
            }
        }
        Err(FoldError::Contention(format!("the board of channel {channel}")))
    }

    /// Stores segments before what refers to them.
    pub(super) async fn store_segments(&self, segments: &mut [Written]) -> Result<(), FoldError> {
        let mut entries = Vec::new();
        for segment in segments {
            entries.append(&mut segment.entries);
        }
        if !entries.is_empty() {
            self.folder.store.set_many(&entries).await?;
        }
        Ok(())
    }
}
