//! Catching up: telling a subscription what it was not told when it happened, and what it is to be told again, from the
//! logs of channels.

use super::account::Account;
use super::delivering::Delivering;
use super::line::Line;
use super::log::{Loaded, Span};
use super::queue::Replay;
use super::segment::Told;
use super::wants::wants;
use crate::board::{Board, Unread};
use crate::fold::{FoldError, Ledger};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store, Swap};
use crate::sorted::SortedMap;

/// The most segments that are read for a subscription in one go.
const SEGMENTS: usize = 16;
/// How often a swap is tried.
const TRIES: usize = 32;

/// How far a subscription was told.
#[derive(Default)]
pub(super) struct Reached {
    /// By channel, the segment up to before which it was told what it was behind with.
    behind: SortedMap<i64, u64>,
    /// The same for each replay, in their order.
    replays: Vec<u64>,
    /// Whether there is more.
    pub more: bool,
}

impl<'a, S: Store, C: Clock, R: Random, O: Outbound, L: Log> Delivering<'a, S, C, R, O, L> {
    /// Tells a subscription what it is behind with, and what it is to be told again, as long as it takes it; a bounded
    /// part of it.
    pub(super) async fn catch_up(
        &self,
        boards: &[Board<Unread>],
        line: &mut Line<'a>,
        account: &mut Account<'_, R>,
    ) -> Result<Reached, FoldError> {
        let mut reached = Reached::default();
        let mut segments = SEGMENTS;
        for board in boards {
            let Some(from) = board.behind(line.subscription.id) else {
                continue;
            };
            let rest = Replay {
                channel_id: board.head.channel_id,
                next: from,
                end: board.told().next_seq(),
                until_ms: u64::MAX,
                ..Replay::default()
            };
            if board.told().first_seq() > from {
                let (id, channel) = (line.subscription.id, rest.channel_id);
                self.log.line(&format!(
                    "level=warn msg=\"delivery lost\" subscription={id} channel={channel} reason=\"it was away for longer \
                     than what was told is kept\""
                ));
            }
            let next = self.pass_on(board, &rest, line, account, &mut segments).await?;
            reached.more |= next < rest.end;
            reached.behind.insert(rest.channel_id, next);
        }
        for replay in line.queue.replays.clone() {
            let board = boards.iter().find(|board| board.head.channel_id == replay.channel_id);
            let next = match board {
                Some(board) => self.pass_on(board, &replay, line, account, &mut segments).await?,
                None => replay.end,
            };
            reached.more |= next < replay.end;
            reached.replays.push(next);
        }
        Ok(reached)
    }

    /// Sends what a part of a channel's log tells. Returns the segment before which all was sent or waits in the queue.
    async fn pass_on(
        &self,
        board: &Board<Unread>,
        part: &Replay,
        line: &mut Line<'a>,
        account: &mut Account<'_, R>,
        segments: &mut usize,
    ) -> Result<u64, FoldError> {
        let owner = keys::board_name(part.channel_id);
        let span = Span { from_ms: part.from_ms, until_ms: part.until_ms };
        let (mut next, mut loaded) = (part.next, Loaded::default());
        let goes_on =
            |line: &Line<'a>, now| now < line.until && (line.is_open(now) || (line.probing && !line.queue.is_full()));
        while *segments > 0 && next < part.end && goes_on(line, self.folder.clock.now()) {
            *segments -= 1;
            let found = self.next_segment(&owner, board.told(), &mut loaded, next, span).await?;
            let Some((found, segment)) = found.filter(|(found, _)| found.first < part.end) else {
                return Ok(part.end);
            };
            let key = keys::delivered(&owner, found.id);
            let meant = |told: &&Told| {
                (part.event_id.is_empty() || part.event_id == told.event_id)
                    && (part.ref_id.is_empty() || part.ref_id == told.ref_id)
                    && span.contains(told.event_time)
                    && wants(line.subscription, told)
            };
            let mut events: Vec<&Told> =
                segment.events.iter().filter(|told| told.stands_in.is_empty()).filter(meant).collect();
            // One event shows how the subscriber fares, one of an incident of which nothing was refused yet. If it is
            // not taken, all of the segment waits in the queue.
            let probe = events.iter().position(|told| line.probing && !line.queue.holds(&told.ref_id));
            if let Some(place) = probe {
                let probe = events.remove(place);
                self.send_some(line, [probe], &key, account).await;
                line.probing = false;
            }
            if line.is_open(self.folder.clock.now()) {
                self.send_some(line, events, &key, account).await;
            } else {
                events.into_iter().for_each(|told| line.leave(&told.standing_in(&key), account));
            }
            next = found.end();
        }
        Ok(next)
    }

    /// Sends events that stand in the segment with this key.
    async fn send_some<'e>(
        &self,
        line: &mut Line<'a>,
        events: impl IntoIterator<Item = &'e Told>,
        key: &str,
        account: &mut Account<'_, R>,
    ) {
        for mut sent in self.sending().send(line, events.into_iter()).await {
            let told = sent.told.standing_in(key);
            sent.told = &told;
            line.settle(sent, account, self.folder.random, self.log);
        }
    }

    /// Notes on boards how far a subscription was told.
    pub(super) async fn store_reached(
        &self,
        ledger: &Ledger,
        subscription: i64,
        reached: &Reached,
    ) -> Result<(), FoldError> {
        for (channel, to) in &reached.behind {
            self.store_caught_up(ledger, subscription, *channel, *to).await?;
        }
        Ok(())
    }

    async fn store_caught_up(
        &self,
        ledger: &Ledger,
        subscription: i64,
        channel: i64,
        to: u64,
    ) -> Result<(), FoldError> {
        for _ in 0..TRIES {
            let (mut board, handle) = self.folder.read_head(channel, ledger).await?;
            if board.behind(subscription).is_none_or(|from| from >= to) {
                return Ok(());
            }
            board.catch_up(subscription, to);
            if self.folder.store_head(&mut board, handle, Vec::new()).await? == Swap::Stored {
                return Ok(());
            }
        }
        Err(FoldError::Contention(format!("the board of channel {channel}")))
    }
}

impl Reached {
    /// Notes in the queue how far replays have come; those that are over go.
    pub fn note(&self, replays: &mut Vec<Replay>) {
        for (replay, next) in replays.iter_mut().zip(&self.replays) {
            replay.next = *next;
        }
        replays.retain(|replay| replay.next < replay.end);
    }
}
