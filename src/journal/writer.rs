//! Appending to the journal: one instance, one stream, one write for all who wait together.
//!
//! The write costs milliseconds, everything else microseconds, so what matters is how many pushes share one. An
//! instance can only take in another request while all in it wait, and a store call does not wait, it blocks. So the
//! first request of a batch waits on purpose when there is company ([`Company`]). Alone, it does not wait at all.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::company::{COMPANY_LIMIT, Company};
use super::reader::Place;
use super::record::{Accepted, Record};
use crate::keys;
use crate::ports::{Clock, Store, StoreError};
use crate::time::Timestamp;
use crate::value::{self, WHOLE_LIMIT};

/// A stream that was not appended to for this long is abandoned by its writer, milliseconds.
pub const STREAM_IDLE_MS: u64 = 3_000;

/// An append that took longer than this is not believed: the stream may have been retired meanwhile, so it is done
/// again on a new one. Milliseconds.
pub const STREAM_STALL_MS: u64 = 5_000;

/// The most bytes of pushes that share a record; a single push may be larger and is then stored in parts.
const SHARED_BYTES: usize = WHOLE_LIMIT - 1024;
/// How often an append is tried, each time on a new stream.
const TRIES: usize = 2;

/// The journal as one instance writes it. Requests of the instance share it; it is never borrowed across an await.
#[derive(Default)]
pub struct Journal {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    stream: Option<Stream>,
    waiting: VecDeque<Waiting>,
    /// Whether some request is leading, that is gathering or writing.
    led: bool,
    /// To be told when as many wait as may share a record.
    full: Option<oneshot::Sender<()>>,
    company: Company,
}

#[derive(Clone, Copy)]
struct Stream {
    number: u64,
    next: u64,
    last_used: Timestamp,
    last_stamp: Timestamp,
    /// The store's when the number was drawn.
    lineage: u64,
}

struct Waiting {
    accepted: Vec<Accepted>,
    bytes: usize,
    reply: oneshot::Sender<Reply>,
}

enum Reply {
    /// What was waited for is stored, or is not; to be answered after so many microseconds.
    Done(Result<Appended, AppendError>, u64),
    /// The one who led is through; this one leads now.
    Lead,
}

/// What an append was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Whether others shared the record or wait for the next one.
    pub company: bool,
    /// Whether the instance should take no further requests.
    pub last: bool,
}

/// Why nothing was appended, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The store failed, on two streams.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request that wrote for this one was broken off.
    #[error("the request that wrote this record was broken off")]
    Abandoned,
    /// Every try took so long that the stream may have been retired.
    #[error("the store took more than {STREAM_STALL_MS} ms")]
    Stalled,
}

impl Journal {
    /// To be called when a request has come, before anything that blocks the instance: the first ones of a new instance
    /// wait for company.
    pub async fn begin(&self, clock: &impl Clock) {
        self.state.borrow_mut().company.arrive(clock.now());
        while self.is_beginning(clock.now()) {
            clock.sleep_us(Company::BEGIN_LOOK_US).await;
        }
    }

    fn is_beginning(&self, now: Timestamp) -> bool {
        self.state.borrow_mut().company.is_beginning(now)
    }

    /// Appends what one request brought, and returns when it is stored.
    pub async fn append(
        &self,
        store: &impl Store,
        clock: &impl Clock,
        accepted: Vec<Accepted>,
    ) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        let bytes = serde_json::to_vec(&accepted).map_or(SHARED_BYTES, |encoded| encoded.len());
        let leads = {
            let mut state = self.state.borrow_mut();
            state.waiting.push_back(Waiting { accepted, bytes, reply });
            if state.waiting.len() >= COMPANY_LIMIT
                && let Some(full) = state.full.take()
            {
                // Who gathers may have just ended.
                let _ = full.send(());
            }
            !std::mem::replace(&mut state.led, true)
        };
        if leads {
            self.lead(store, clock).await;
        }
        let mut turn = Turn { journal: self, answer };
        loop {
            match (&mut turn.answer).await {
                Ok(Reply::Done(result, pause_us)) => {
                    if pause_us > 0 {
                        clock.sleep_us(pause_us).await;
                    }
                    return result;
                }
                Ok(Reply::Lead) => {
                    // The channel is used up; wait again on a new one, still first in the queue.
                    let (reply, answer) = oneshot::channel();
                    turn.answer = answer;
                    if let Some(first) = self.state.borrow_mut().waiting.front_mut() {
                        first.reply = reply;
                    }
                    self.lead(store, clock).await;
                }
                Err(oneshot::Canceled) => return Err(AppendError::Abandoned),
            }
        }
    }

    /// Lets the next one in the queue lead, if there is one.
    fn hand_over(&self) {
        let mut state = self.state.borrow_mut();
        state.led = false;
        while let Some(next) = state.waiting.front_mut() {
            let (closed, _) = oneshot::channel();
            let reply = std::mem::replace(&mut next.reply, closed);
            if reply.send(Reply::Lead).is_ok() {
                state.led = true;
                return;
            }
            // That one is gone.
            state.waiting.pop_front();
        }
    }

    /// Gathers, writes one record for all who wait, tells them, and hands over.
    async fn lead(&self, store: &impl Store, clock: &impl Clock) {
        let mut lead = Lead { journal: self, taken: Vec::new() };
        self.gather(clock).await;
        let company = {
            let mut state = self.state.borrow_mut();
            let mut bytes = 0;
            while let Some(next) = state.waiting.front() {
                bytes += next.bytes;
                if !lead.taken.is_empty() && (bytes > SHARED_BYTES || lead.taken.len() == COMPANY_LIMIT) {
                    break;
                }
                lead.taken.extend(state.waiting.pop_front());
            }
            lead.taken.len() > 1 || !state.waiting.is_empty()
        };
        let accepted = lead.taken.iter_mut().flat_map(|w| std::mem::take(&mut w.accepted)).collect();
        let result = self.write(store, clock, accepted).await;
        let last = {
            let mut state = self.state.borrow_mut();
            let stream = state.stream.map(|stream| stream.number);
            state.company.serve(lead.taken.len(), company, stream, clock.now())
        };
        // Each waits for itself: should the one who leads be broken off, the others know already that it is stored.
        let mut pause_us = 0;
        for (nth, waiting) in std::mem::take(&mut lead.taken).into_iter().enumerate() {
            pause_us += if last && nth > 0 { Company::pause_us(nth) } else { 0 };
            // One who is gone needs no answer.
            let _ = waiting.reply.send(Reply::Done(result.clone().map(|()| Appended { company, last }), pause_us));
        }
    }

    /// Takes in how many streams had new records, as far as a folder knows.
    pub fn hear(&self, streams: usize, now: Timestamp) {
        self.state.borrow_mut().company.hear(streams, now);
    }

    /// Takes in how long it took since `begun` to do what reads at most one value.
    pub fn waited(&self, begun: Timestamp, now: Timestamp) {
        self.state.borrow_mut().company.wait(now.0.saturating_sub(begun.0), now);
    }

    /// Whether many write and wait for the store: then nothing is read that can wait.
    pub fn is_crowded(&self, now: Timestamp) -> bool {
        self.state.borrow().company.is_crowded(now)
    }

    /// Whether this instance should retire; `chance` decides who does.
    pub fn is_redundant(&self, now: Timestamp, chance: u64) -> bool {
        self.state.borrow().company.is_redundant(now, chance)
    }

    /// Waits for company, where it is to be expected.
    async fn gather(&self, clock: &impl Clock) {
        let Some(window) = self.state.borrow().company.window(clock.now()) else {
            return;
        };
        let (full, mut filled) = oneshot::channel();
        self.state.borrow_mut().full = Some(full);
        let (mut waited, mut came) = (0, self.state.borrow().waiting.len());
        while waited < window.us && came < COMPANY_LIMIT {
            let slept = pin!(clock.sleep_us(window.slice_us));
            if let Either::Right(_) = select(slept, &mut filled).await {
                break;
            }
            waited += window.slice_us;
            let before = std::mem::replace(&mut came, self.state.borrow().waiting.len());
            if came == before && came >= window.enough {
                break;
            }
        }
        self.state.borrow_mut().full = None;
    }

    async fn write(&self, store: &impl Store, clock: &impl Clock, accepted: Vec<Accepted>) -> Result<(), AppendError> {
        let mut record = Record { v: Record::FORMAT, received: Timestamp(0), again: None, accepted };
        let mut failure = AppendError::Stalled;
        for _ in 0..TRIES {
            match self.write_once(store, clock, &mut record).await {
                Ok(true) => return Ok(()),
                Ok(false) => failure = AppendError::Stalled,
                Err(e) => failure = e.into(),
            }
        }
        Err(failure)
    }

    /// One try: true if the record is stored where every folder will look for it.
    ///
    /// The stream is taken out of the state meanwhile: if anything goes wrong, or this future is dropped, the record
    /// may or may not be there, and its number must never be used for another one. So the stream is abandoned.
    async fn write_once(
        &self,
        store: &impl Store,
        clock: &impl Clock,
        record: &mut Record,
    ) -> Result<bool, StoreError> {
        let begun = clock.now();
        // A store that went back may lack earlier records of the stream, so that nobody would read on to this one, and
        // may give its number to another instance.
        let lineage = store.lineage();
        let kept = self.state.borrow_mut().stream.take();
        let usable = |s: &Stream| begun.millis_since(s.last_used) < STREAM_IDLE_MS && s.lineage == lineage;
        let mut stream = match kept.filter(usable) {
            Some(stream) => stream,
            None => {
                let number = store.increment(keys::STREAMS, 1).await?;
                let number = u64::try_from(number).map_err(|_| StoreError("the stream counter is negative".into()))?;
                Stream { number, next: 1, last_used: begun, last_stamp: Timestamp(0), lineage: store.lineage() }
            }
        };
        let sealed = clock.now().max(Timestamp(stream.last_stamp.0 + 1));
        record.received = sealed;
        let place = Place { stream: stream.number, n: stream.next };
        let put = value::put(store, &keys::record(place.stream, place.n), &record.encode()).await;
        // Where the store went back, something else may come to stand there.
        let lasts = store.lineage() == stream.lineage;
        record.again = lasts.then_some(place);
        put?;
        let done = clock.now();
        if done.millis_since(begun) > STREAM_STALL_MS || !lasts {
            return Ok(false);
        }
        stream.next += 1;
        stream.last_used = begun;
        stream.last_stamp = sealed;
        let mut state = self.state.borrow_mut();
        state.company.committed(done.0.saturating_sub(sealed.0));
        state.stream = Some(stream);
        Ok(true)
    }
}

/// Being the leader. Dropped at the end, or when the leading request is broken off: whoever was taken along is then
/// told so by its closed channel, and the next one in the queue leads.
struct Lead<'a> {
    journal: &'a Journal,
    taken: Vec<Waiting>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.taken.clear();
        self.journal.hand_over();
    }
}

/// Waiting for the answer. Dropped by a request that is broken off: had it just been told to lead, the next one must.
struct Turn<'a> {
    journal: &'a Journal,
    answer: oneshot::Receiver<Reply>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Ok(Some(Reply::Lead)) = self.answer.try_recv() {
            self.journal.hand_over();
        }
    }
}
