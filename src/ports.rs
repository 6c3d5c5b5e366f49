//! Ports: what the domain needs from the platform, as traits. They are the only traits of the domain; the adapters are
//! in `spin/`, the fakes with which everything is tested in `tests/support`.

use serde::{Deserialize, Serialize};

use crate::delivery::DeliveryReport;
use crate::time::Timestamp;

/// The key-value store holds no prefix scan, no expiry and no transactions: whatever must be all-or-nothing lives in
/// one value.
///
/// Keys are at most 255 bytes of `[A-Za-z0-9:._-]`; values should stay below [`VALUE_LIMIT`].
/// Any call may fail after it took effect.
#[allow(async_fn_in_trait)] // one thread, no Send bounds
pub trait Store {
    /// What was read of a key, to swap against.
    type Handle;

    /// The value of `key`, or `None`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The values of several keys, in their order. One call: on some stores each one waits for all who write.
    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Stores a value, whatever was there.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Stores several values, in one commit where the store can; a failure may leave any part of them stored.
    async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError>;

    /// Deletes keys, absent ones without complaint; a failure may leave any part of them deleted.
    async fn delete_many(&self, keys: &[String]) -> Result<(), StoreError>;

    /// Adds to a counter, atomically, and returns its new value. A counter's key is never touched by another call
    /// than this one and [`Store::counter`].
    async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError>;

    /// The value of a counter, without writing; 0 if it was never incremented.
    async fn counter(&self, key: &str) -> Result<i64, StoreError>;

    /// The value of `key` and a handle to replace just this value.
    async fn read_to_swap(&self, key: &str) -> Result<(Option<Vec<u8>>, Self::Handle), StoreError>;

    /// Replaces the value that was read with `handle`, if it is still there. Only to be trusted for a key that
    /// existed when it was read: on a missing one some stores let every racer win.
    async fn swap(&self, handle: Self::Handle, value: &[u8]) -> Result<Swap, StoreError>;

    /// How many calls the instance has begun, by kind ([`STORE_CALLS`]). A store that does not count says 0.
    fn calls(&self) -> StoreCalls {
        StoreCalls::default()
    }

    /// Another number when the store may have gone back to an earlier state: when a connection to it was lost, behind
    /// which it crashed, or another machine has taken over that had not got everything yet. What a handle was read for
    /// never spans that, its swap fails; who counts on what it stored itself asks here. The same number for ever where
    /// the store cannot go back while its users live.
    fn lineage(&self) -> u64 {
        0
    }
}

/// Calls of a store, by kind: [`StoreCall`] as a number.
pub type StoreCalls = [u64; 8];

/// The kinds: the methods of [`Store`]. A counter is read by `get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreCall {
    /// [`Store::get`].
    Get,
    /// [`Store::get_many`].
    GetMany,
    /// [`Store::set`].
    Set,
    /// [`Store::set_many`].
    SetMany,
    /// [`Store::delete_many`].
    DeleteMany,
    /// [`Store::increment`].
    Increment,
    /// [`Store::read_to_swap`].
    ReadToSwap,
    /// [`Store::swap`].
    Swap,
}

/// Their names, in the order of [`StoreCall`].
pub const STORE_CALLS: [&str; 8] =
    ["get", "get_many", "set", "set_many", "delete_many", "increment", "read_to_swap", "swap"];

/// Values stay at or below this many bytes: what the smallest of the usual stores takes, with room.
pub const VALUE_LIMIT: usize = 256 * 1024;

/// How a swap ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new value is stored.
    Stored,
    /// Somebody else was first; nothing was stored.
    Conflict,
}

/// A failed store call. Whether it took effect is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("store: {0}")]
pub struct StoreError(pub String);

/// Time and waiting.
#[allow(async_fn_in_trait)]
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits `us` microseconds, letting the instance take other requests meanwhile.
    async fn sleep_us(&self, us: u64);
}

/// Unpredictable numbers: request ids, names that two instances must not share, jitter.
pub trait Random {
    /// 64 random bits.
    fn next_u64(&self) -> u64;
}

/// HTTP to subscribers.
#[allow(async_fn_in_trait)]
pub trait Outbound {
    /// Sends a POST and reads the answer within `post.timeout_ms` in all, from connecting to the last byte of the
    /// body. Redirects are not followed.
    async fn post(&self, post: Post<'_>) -> Result<PostAnswer, PostError>;

    /// The same as a GET, without headers and body of its own.
    async fn get(&self, url: &str, timeout_ms: u64) -> Result<PostAnswer, PostError>;
}

/// A request to a subscriber.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// Where to, already checked against the policy for targets.
    pub url: &'a str,
    /// Header names (lower case) and values.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
    /// The limit for the whole attempt, milliseconds.
    pub timeout_ms: u64,
}

/// What a subscriber answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The value of `Retry-After`, if there was one.
    pub retry_after: Option<String>,
    /// Header names (lower case) and values, as far as they are texts; for people to read.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body; for people to read.
    pub body: Vec<u8>,
}

/// So much of an answer's body is kept, bytes.
pub const ANSWER_KEPT: usize = 4096;

/// Why an attempt got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The time limit ran out.
    #[error("no complete answer within the time limit")]
    TimedOut,
    /// The host or the policy refused to send it.
    #[error("not allowed to send there: {0}")]
    Denied(String),
    /// No connection, or it broke.
    #[error("connection failed: {0}")]
    Connection(String),
}

/// A hint to fold: sent after an answer, and allowed to get lost.
#[allow(async_fn_in_trait)]
pub trait Wake {
    /// Asks the folder to fold now. `company` tells it that more is coming, so that gathering pays. Returns when it has
    /// folded or somebody else is about to; with what it saw, if it folded.
    async fn wake(&self, company: bool) -> Option<Seen>;
}

/// Calls to the instances that deliver, which are none of those that fold: a store call blocks all of its instance, and
/// an attempt with a time limit must not wait for one.
#[allow(async_fn_in_trait)]
pub trait Relay {
    /// Has the outbox of a channel delivered by the right of `token`; `None` if that failed.
    async fn deliver(&self, channel: i64, token: u64) -> Option<DeliveryReport>;

    /// Has retried what is due; `None` if that failed.
    async fn retry(&self) -> Option<DeliveryReport>;

    /// Has a custom action run ([`ActionRun`](crate::delivery::ActionRun) as JSON). Returns what went wrong, empty if
    /// nothing did; `None`: that is not known.
    async fn run_action(&self, action: i64, run: Vec<u8>) -> Option<String>;
}

/// Questions to the component that alone knows the answer.
#[allow(async_fn_in_trait)]
pub trait Advice {
    /// The answer of a component to a question at `path`: status and body; `None` if there was none.
    async fn ask(&self, whom: Whom, path: &str, body: Vec<u8>) -> Option<(u16, Vec<u8>)>;
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Who takes alerts in: knows senders' protocols and the rules of integrations.
    Ingest,
    /// Who does what people do: knows what they have made on boards.
    Actions,
}

impl Whom {
    /// The name of the component.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Actions => "actions",
        }
    }
}

/// Whether the host gives this instance further requests.
#[allow(async_fn_in_trait)]
pub trait Admission {
    /// No further requests from now on; requests that the host has already given to this instance are begun first. An
    /// instance that declines ends when it has nothing left to do.
    async fn decline(&self);

    /// Takes one [`Admission::decline`] back.
    fn accept(&self);
}

/// What a fold saw of those who write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// How many streams had new records.
    pub streams: usize,
    /// How many alerts were in them.
    pub alerts: usize,
    /// How many requests came of the integrations in them.
    #[serde(default)]
    pub paces: Vec<Pace>,
}

/// How many requests of an integration were accepted lately, by all instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// The integration.
    pub integration_id: i64,
    /// The Unix second of the latest one.
    pub second: u64,
    /// In the second before that one, and in that one.
    pub in_second: [u64; 2],
    /// In the minute (of the Unix clock) before that one, and in that one.
    pub in_minute: [u64; 2],
}

impl Pace {
    /// Counts a request that was accepted at this Unix second. One that is older than the minute before is too old to
    /// count.
    pub fn count(&mut self, second: u64) {
        let (old, new) = (self.second, self.second.max(second));
        self.in_second = shifted(self.in_second, new - old);
        self.in_minute = shifted(self.in_minute, new / 60 - old / 60);
        self.second = new;
        for (counts, behind) in [(&mut self.in_second, new - second), (&mut self.in_minute, new / 60 - second / 60)] {
            match behind {
                0 => counts[1] += 1,
                1 => counts[0] += 1,
                _ => {}
            }
        }
    }
}

fn shifted([before, current]: [u64; 2], by: u64) -> [u64; 2] {
    match by {
        0 => [before, current],
        1 => [current, 0],
        _ => [0, 0],
    }
}

/// One line to the log of the component. Never a secret, never a whole webhook URL.
pub trait Log {
    /// Writes a line.
    fn line(&self, text: &str);
}
