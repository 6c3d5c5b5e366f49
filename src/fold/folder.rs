//! The folder: brings boards up to what the journal says.

use super::error::FoldError;
use super::gather::{Gathered, gather, gather_from};
use super::lease::Turns;
use super::ledger::Ledger;
use super::pages::PageCache;
use super::root::ensure;
use super::stored::check_ledger;
use crate::board::head::Lease;
use crate::board::totals::total;
use crate::board::{Board, Oldest, Turn};
use crate::count::count;
use crate::engine::{Applying, bring};
use crate::journal::Read;
use crate::keys;
use crate::ports::{Clock, Pace, Random, Seen, Store, Swap};
use crate::sorted::{SortedMap, add};
use crate::time::Timestamp;

/// How often a board or a whole fold is tried when others are faster.
pub(super) const TRIES: usize = 16;

/// How long a fold lets what it handed over begin, microseconds.
const HAND_OVER_US: u64 = 2_000;

/// Rights to deliver outboxes: channels and tokens.
pub type ToDeliver = Vec<(i64, u64)>;
/// Has outboxes delivered.
pub type Deliver<'a> = &'a dyn Fn(ToDeliver);

/// Where records of so many streams wait, several may fold at once.
const SEVERAL: usize = 2;

/// Folds and reads boards.
pub struct Folder<'a, S, C, R> {
    /// The store.
    pub store: &'a S,
    /// The clock.
    pub clock: &'a C,
    /// Randomness, for names and tokens that nobody else has.
    pub random: &'a R,
    /// The instance's pages.
    pub pages: &'a PageCache,
    /// How long the right to deliver an outbox is taken for, milliseconds.
    pub lease_ms: u64,
}

/// What a fold did.
#[derive(Debug, Default)]
pub struct Folded {
    /// How many records it read beyond the ledger.
    pub records: usize,
    /// What it saw of those who write.
    pub seen: Seen,
    /// Channels whose outbox the folder now has the right to deliver, with its token.
    pub to_deliver: ToDeliver,
    /// Whether there is more to fold.
    pub more: bool,
    /// How far it read, as a number that differs where more has come.
    pub reached: u64,
    /// Whose turn it was: then nothing was folded.
    pub held: Option<Turn>,
    /// Whether the folder has the turn now and shall fold again.
    pub leads: bool,
    /// Channels whose boards may have something to let go, and from when that is.
    pub oldest: Vec<(i64, Oldest)>,
}

/// How folding one board ended.
enum Stored {
    /// With everything applied, and with the right to deliver the outbox, if that was free; and with what
    /// [`Board::oldest`] says.
    Board(Option<u64>, Oldest),
    /// Another was faster and goes on.
    Held(Turn),
}

impl Folded {
    /// Takes in what the next part did.
    pub fn add(&mut self, next: Self) {
        self.records += next.records;
        self.seen.streams = self.seen.streams.max(next.seen.streams);
        self.seen.alerts += next.seen.alerts;
        if !next.seen.paces.is_empty() {
            self.seen.paces = next.seen.paces;
        }
        self.to_deliver.extend(next.to_deliver);
        self.more = next.more;
        self.held = next.held;
        self.reached = next.reached;
        self.leads |= next.leads;
        self.oldest.extend(next.oldest);
    }
}

impl<S: Store, C: Clock, R: Random> Folder<'_, S, C, R> {
    /// Folds everything that waits. `tidy`: also bring the ledger forward, retire streams, delete records that all
    /// have read, and take up outboxes that somebody left (tick).
    pub async fn fold(&self, tidy: bool) -> Result<Folded, FoldError> {
        self.fold_by(tidy, None, None).await
    }

    /// Folds what waits, unless it is the turn of another. Where several write, this folder takes the next turns.
    /// `deliver`, if there is one, is called as soon as the boards are stored, and the fold goes on; then nothing of
    /// that is returned.
    pub async fn fold_in_turn(&self, turns: &Turns, deliver: Option<Deliver<'_>>) -> Result<Folded, FoldError> {
        self.fold_by(false, Some(turns), deliver).await
    }

    async fn fold_by(
        &self,
        tidy: bool,
        turns: Option<&Turns>,
        deliver: Option<Deliver<'_>>,
    ) -> Result<Folded, FoldError> {
        // A right that was taken is used, though another board turns out to need a newer ledger.
        let mut rights = ToDeliver::new();
        for _ in 0..TRIES {
            match self.fold_once(tidy, turns, &mut rights, deliver).await {
                Err(FoldError::Stale) => continue,
                Ok(folded) => return Ok(Folded { to_deliver: rights, ..folded }),
                failed => return failed,
            }
        }
        Err(FoldError::Contention("the boards".to_owned()))
    }

    async fn fold_once(
        &self,
        tidy: bool,
        turns: Option<&Turns>,
        rights: &mut ToDeliver,
        deliver: Option<Deliver<'_>>,
    ) -> Result<Folded, FoldError> {
        let (at, lineage) = (self.clock.now(), self.store.lineage());
        let base = match turns.and_then(|turns| turns.base(lineage)) {
            Some(base) => base,
            None => match turns.filter(|turns| turns.claims()) {
                Some(turns) => {
                    let chance = self.random.next_u64();
                    Ledger::change(self.store, self.clock, &mut |ledger| {
                        let now = self.clock.now();
                        turns.take(&mut ledger.turn, now, now, chance)
                    })
                    .await?
                    .into()
                }
                None => Ledger::read(self.store).await?.into(),
            },
        };
        let turn = base.ledger.turn;
        let held = turns.and_then(|turns| turns.held(turn, at));
        if let Some(turn) = held {
            let streams = usize::try_from(turn.streams).unwrap_or(SEVERAL);
            let seen = Seen { streams, paces: base.ledger.paces().collect(), ..Seen::default() };
            return Ok(Folded { held, seen, ..Folded::default() });
        }
        // Tick does not race with one whose turn it is: it takes what has waited for longer than any lease lasts.
        let led = tidy && turn.is_some_and(|turn| turn.is_live(at));
        let before = if led { Timestamp(at.0.saturating_sub(Turn::LONGEST_MS * 1000)) } else { at };
        let mut gathered = gather_from(self.store, at, before, base).await?;
        let mut streams = Vec::new();
        for read in &gathered.records {
            add(&mut streams, read.place.stream);
        }
        let alerts = gathered.records.iter().map(|read| read.record.accepted.len()).sum();
        let mut folded = Folded {
            records: gathered.records.len(),
            seen: Seen { streams: streams.len(), alerts, paces: paces(&gathered) },
            more: gathered.more,
            reached: gathered.heads.values().sum(),
            ..Folded::default()
        };
        let turns = turns.filter(|_| folded.seen.streams >= SEVERAL);
        if let Some(turns) = turns {
            turns.saw(folded.seen.streams);
        }
        let concerned = channels_in(&gathered);
        for channel in &concerned {
            let empty = Board::new(*channel).head.encode();
            ensure(self.store, self.clock, &mut gathered.ledger, &keys::board_name(*channel), &empty).await?;
        }
        let known: Vec<i64> = gathered.ledger.roots.keys().filter_map(|name| keys::board_channel(name)).collect();
        let everywhere = gathered.records.iter().flat_map(|r| &r.record.accepted).any(|a| a.everywhere);
        let channels = if tidy || everywhere { known } else { concerned };
        for channel in channels {
            match self.fold_board(channel, &gathered, turns).await? {
                Stored::Board(token, oldest) => {
                    rights.extend(token.map(|token| (channel, token)));
                    folded.oldest.push((channel, oldest));
                }
                Stored::Held(turn) => {
                    self.delete_orphans().await?;
                    folded.held = Some(turn);
                    return Ok(folded);
                }
            }
        }
        if let Some(deliver) = deliver.filter(|_| !rights.is_empty()) {
            deliver(std::mem::take(rights));
            // While the ledger is stored, the instance does nothing else.
            self.clock.sleep_us(HAND_OVER_US).await;
        }
        self.delete_orphans().await?;
        folded.leads = self.bring_forward(gathered, lineage, tidy, turns).await?;
        Ok(folded)
    }

    /// Applies what concerns one board and stores it.
    async fn fold_board(&self, channel: i64, gathered: &Gathered, turns: Option<&Turns>) -> Result<Stored, FoldError> {
        let records = concerning(channel, gathered);
        // What goes everywhere and finds nothing here is not worth a write: found again, it finds nothing again.
        let named = records.iter().flat_map(|r| &r.record.accepted).any(|a| a.channel_ids.contains(&channel));
        let leads = turns.is_some_and(|turns| turns.is_mine(gathered.ledger.turn));
        for nth in 0..TRIES {
            let (mut board, handle) = self.read_board(channel, &gathered.ledger).await?;
            check_ledger(&board, &gathered.ledger)?;
            // Who was faster and goes on need not be raced again.
            let held = turns.and_then(|turns| turns.held(board.head.turn, self.clock.now()));
            if let (Some(turn), false, 1..) = (held, leads, nth) {
                return Ok(Stored::Held(turn));
            }
            let heads = board.head.heads.clone();
            self.pages.loading(self.store, &mut board, Board::count_open).await?;
            self.apply(&mut board, &records, gathered.upto()).await?;
            let moved = board.is_touched() || (named && heads != board.head.heads);
            let token = self.take_lease(&mut board);
            if !moved && token.is_none() {
                return Ok(Stored::Board(None, board.oldest(gathered.at)));
            }
            if let Some(turns) = turns {
                turns.take(&mut board.head.turn, gathered.at, self.clock.now(), self.random.next_u64());
            }
            prune_heads(&mut board, &gathered.ledger);
            board.head.counts.add(total::FOLDS, 1);
            if self.store_board(&mut board, handle).await? == Swap::Stored {
                return Ok(Stored::Board(token, board.oldest(gathered.at)));
            }
        }
        Err(FoldError::Contention(format!("the board of channel {channel}")))
    }

    /// Applies records to a board, and everything that was due before each of them and by the moment `upto`.
    pub(super) async fn apply(&self, board: &mut Board, records: &[&Read], upto: Timestamp) -> Result<(), FoldError> {
        let head = |read: &&&Read| board.head.heads.get(&read.place.stream).copied().unwrap_or(0);
        let applied = records.iter().filter(|read| read.place.n > head(read)).count();
        let mut applying = Applying::default();
        let apply = |board: &mut Board| {
            applying.run(board, records)?;
            bring(board, upto)
        };
        self.pages.loading(self.store, board, apply).await?;
        board.head.counts.add(total::RECORDS, count(applied));
        Ok(())
    }

    /// Takes the right to deliver, where there is something to deliver and nobody has it.
    pub(super) fn take_lease(&self, board: &mut Board) -> Option<u64> {
        let now = self.clock.now();
        let taken = board.head.lease.is_some_and(|lease| lease.until > now);
        if !board.head.has_events() || taken {
            return None;
        }
        let token = self.random.next_u64();
        board.head.lease = Some(Lease { token, until: now.plus_millis(self.lease_ms) });
        Some(token)
    }

    /// Brings the ledger forward to what was folded, where it is worth a write, and deletes what nobody needs.
    /// With `turns` it takes the turn as well, if that is free; returns whether it has it.
    async fn bring_forward(
        &self,
        gathered: Gathered,
        lineage: u64,
        tidy: bool,
        turns: Option<&Turns>,
    ) -> Result<bool, FoldError> {
        let (begun, before) = (gathered.at, &gathered.ledger);
        let leads = turns.filter(|turns| turns.lasts(before.turn, begun, self.clock.now()));
        let deletable = before.deletable(begun, tidy);
        if deletable.is_empty() && !before.lags(&gathered, leads.is_some()) {
            if let Some(turns) = leads {
                turns.keep(gathered.into_base(), lineage, false);
                return Ok(true);
            }
            if turns.is_none() {
                return Ok(false);
            }
        }
        if !deletable.is_empty() {
            self.store.delete_many(&deletable).await?;
        }
        let (chance, mut leads) = (self.random.next_u64(), false);
        let ledger = Ledger::change(self.store, self.clock, &mut |ledger| {
            leads = turns.is_some_and(|turns| turns.take_ledger(&mut ledger.turn, begun, self.clock.now(), chance));
            let passed = ledger.pass(&gathered);
            let forgot = !deletable.is_empty() && ledger.deleted(before, begun);
            passed || forgot || leads
        })
        .await?;
        if let Some(turns) = turns {
            turns.keep(ledger.into(), lineage, true);
        }
        Ok(leads)
    }

    /// The boards of some channels, with everything that was answered before this call applied, in memory only.
    /// Channels where nothing has happened yet have no board.
    pub async fn view(&self, channels: Option<&[i64]>) -> Result<Vec<Board>, FoldError> {
        for _ in 0..TRIES {
            match self.view_once(channels).await {
                Err(FoldError::Stale) => continue,
                done => return done,
            }
        }
        Err(FoldError::Contention("the boards".to_owned()))
    }

    async fn view_once(&self, channels: Option<&[i64]>) -> Result<Vec<Board>, FoldError> {
        let mut gathered = gather(self.store, self.clock).await?;
        let mut boards: SortedMap<i64, Board> = SortedMap::new();
        loop {
            let known = gathered.ledger.roots.keys().filter_map(|name| keys::board_channel(name));
            let waiting = channels_in(&gathered);
            let mut wanted: Vec<i64> = Vec::new();
            let some = known.chain(waiting).filter(|id| channels.is_none_or(|some| some.contains(id)));
            for id in some {
                add(&mut wanted, id);
            }
            for channel in wanted {
                let mut board = match boards.remove(&channel) {
                    Some(board) => board,
                    None => self.stored_board(channel, &gathered.ledger).await?,
                };
                let records = concerning(channel, &gathered);
                self.apply(&mut board, &records, gathered.upto()).await?;
                boards.insert(channel, board);
            }
            if !gathered.more {
                return Ok(boards.into_values().collect());
            }
            gathered = gathered.next(self.store).await?;
        }
    }
}

/// How many requests came lately of the integrations in the records.
fn paces(gathered: &Gathered) -> Vec<Pace> {
    let accepted = gathered.records.iter().flat_map(|r| &r.record.accepted);
    let mut present: Vec<i64> = Vec::new();
    for accepted in accepted {
        add(&mut present, accepted.integration_id);
    }
    let records: Vec<&Read> = gathered.beyond().collect();
    gathered.ledger.paces_with(&records).into_values().filter(|pace| present.contains(&pace.integration_id)).collect()
}

/// The channels that the records name.
fn channels_in(gathered: &Gathered) -> Vec<i64> {
    let mut channels = Vec::new();
    for accepted in gathered.records.iter().flat_map(|r| &r.record.accepted) {
        for id in &accepted.channel_ids {
            add(&mut channels, *id);
        }
    }
    channels
}

/// The records that concern a channel.
pub(super) fn concerning(channel: i64, gathered: &Gathered) -> Vec<&Read> {
    let concerns = |read: &&Read| read.record.accepted.iter().any(|a| a.concerns(channel));
    gathered.records.iter().filter(concerns).collect()
}

pub(super) fn prune_heads(board: &mut Board, ledger: &Ledger) {
    let before = board.head.heads.len();
    board.head.heads.retain(|stream, head| match ledger.streams.get(stream) {
        Some(live) => *head > live.head,
        None => *stream > ledger.known,
    });
    if board.head.heads.len() < before {
        board.head.ledger = ledger.version;
    }
}
