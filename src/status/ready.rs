//! Readiness: whether there is a valid configuration, and whether the store keeps its promises.
//!
//! What is stored relies on counters that count and on swaps that refuse whoever comes late. Stores that claim both and
//! do not keep them exist, and lose incidents without a word; so it is tried out, on keys of its own.

use serde::Serialize;

use crate::config::Config;
use crate::fold::Ledger;
use crate::journal::STREAM_STALL_MS;
use crate::keys;
use crate::ports::{Clock, Random, Store, StoreError, Swap};

/// How often something is tried where others probe at the same time.
const TRIES: usize = 8;

/// What was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is as it must be.
    pub ok: bool,
    /// How long it took, milliseconds; absent where nothing was asked of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// What was found, and what it means.
    pub message: String,
}

/// The configuration, or what is wrong with it (which names no secret).
pub fn configuration(config: Result<&Config, &str>) -> Check {
    let (ok, message) = match config {
        Ok(_) => (true, "there and valid".to_owned()),
        Err(problem) => (false, format!("{problem}: everything is answered 503 until it is mended")),
    };
    Check { name: "configuration", ok, ms: None, message }
}

/// A probe of the store.
pub struct Probing<'a, S, P> {
    /// The store.
    pub store: &'a S,
    /// The platform.
    pub ports: &'a P,
    /// Which of a few sets of keys is used: those who probe at the same time seldom meet.
    pub slot: u64,
}

/// What was found; or what is wrong.
type Found = Result<String, String>;

const LOST: &str = "incidents could be lost; see docs/design.md, \"What a store must give\"";
const LIES: &str = "this store reports a failed swap though it wrote: what was done would be done again";

impl<S: Store, P: Clock + Random> Probing<'_, S, P> {
    /// Tries everything, one after the other.
    pub async fn run(&self) -> Vec<Check> {
        vec![
            self.timed("store", self.reads_back()).await,
            self.timed("increment", self.counts()).await,
            self.timed("swap", self.swaps()).await,
            self.timed("missing_key", self.creates()).await,
            self.timed("ledger", self.ledger()).await,
        ]
    }

    async fn timed(&self, name: &'static str, check: impl Future<Output = Found>) -> Check {
        let begun = self.ports.now();
        let found = check.await;
        let ms = self.ports.now().millis_since(begun);
        let (ok, message) = match found {
            Ok(_) if ms > STREAM_STALL_MS => (
                false,
                format!(
                    "it took {ms} ms: a write of more than {STREAM_STALL_MS} ms is not trusted, pushes would get 500"
                ),
            ),
            Ok(message) => (true, message),
            Err(problem) => (false, problem),
        };
        Check { name, ok, ms: Some(ms), message }
    }

    async fn reads_back(&self) -> Found {
        let key = self.key("value");
        for _ in 0..TRIES {
            let value = self.value();
            self.store.set(&key, &value).await.map_err(failed)?;
            if self.store.get(&key).await.map_err(failed)?.as_ref() == Some(&value) {
                return Ok("what is written is read back".to_owned());
            }
        }
        Err(format!("what was written was not read back, {TRIES} times: {LOST}"))
    }

    async fn counts(&self) -> Found {
        let key = self.key("counter");
        let first = self.store.increment(&key, 1).await.map_err(failed)?;
        let second = self.store.increment(&key, 1).await.map_err(failed)?;
        let read = self.store.counter(&key).await.map_err(failed)?;
        if second <= first || read < second {
            return Err(format!(
                "a counter gave {first}, then {second}, and reads as {read}: two writers could write over each other's alerts; {LOST}"
            ));
        }
        Ok("counters count".to_owned())
    }

    /// Of two who read the same, the first must be let in and the second refused.
    async fn swaps(&self) -> Found {
        let key = self.key("swap");
        for _ in 0..TRIES {
            let (first, second) = (self.value(), self.value());
            let (before, right) = self.store.read_to_swap(&key).await.map_err(failed)?;
            let Some(before) = before else {
                self.store.set(&key, &first).await.map_err(failed)?;
                continue;
            };
            let (again, late) = self.store.read_to_swap(&key).await.map_err(failed)?;
            let swapped = self.store.swap(right, &first).await.map_err(failed)?;
            let after = self.store.get(&key).await.map_err(failed)?;
            let (written, unchanged) = (after.as_ref() == Some(&first), after.as_ref() == Some(&before));
            match swapped {
                Swap::Conflict if written => return Err(LIES.to_owned()),
                Swap::Conflict if unchanged => {
                    return Err("this store refuses a swap of what is there: nothing could be changed".to_owned());
                }
                Swap::Stored if unchanged => return Err(format!("this store forgets what a swap has stored: {LOST}")),
                // Another probe was faster.
                Swap::Conflict => continue,
                Swap::Stored => {}
            }
            if again.as_ref() != Some(&before) {
                continue;
            }
            if self.store.swap(late, &second).await.map_err(failed)? == Swap::Stored {
                return Err(format!("this store loses updates (it lets a swap in that comes late): {LOST}"));
            }
            if self.store.get(&key).await.map_err(failed)?.as_ref() == Some(&second) {
                return Err(LIES.to_owned());
            }
            return Ok("of two swaps of one value the first is let in and the second refused".to_owned());
        }
        Err(format!("{TRIES} swaps in a row were not let in, because others were faster"))
    }

    /// What a swap of a missing key does. Nothing relies on it: it is only told.
    async fn creates(&self) -> Found {
        let found = self.try_to_create().await;
        Ok(found.unwrap_or_else(|error| format!("not known: {error}")))
    }

    async fn try_to_create(&self) -> Result<String, StoreError> {
        let key = self.key("missing");
        let (before, one) = self.store.read_to_swap(&key).await?;
        let (again, other) = self.store.read_to_swap(&key).await?;
        let message = if before.is_some() || again.is_some() {
            "not known: another probe was at it"
        } else {
            let first = self.store.swap(one, &self.value()).await?;
            let second = self.store.swap(other, &self.value()).await?;
            match (first, second) {
                (Swap::Stored, Swap::Stored) => "of two swaps of a missing key both are let in; nothing relies on it",
                (Swap::Stored, Swap::Conflict) => "of two swaps of a missing key one is let in; nothing relies on it",
                (Swap::Conflict, _) => "a swap of a missing key is refused; nothing relies on it but the first start",
            }
        };
        self.store.delete_many(&[key]).await?;
        Ok(message.to_owned())
    }

    async fn ledger(&self) -> Found {
        match Ledger::read(self.store).await {
            Ok(_) => Ok("readable".to_owned()),
            Err(error) => Err(format!("{error}: nothing can be folded, what is pushed waits in the journal")),
        }
    }

    fn key(&self, name: &str) -> String {
        keys::ready(name, self.slot)
    }

    /// A value that nobody else writes.
    fn value(&self) -> Vec<u8> {
        format!("{:016x}", self.ports.next_u64()).into_bytes()
    }
}

fn failed(error: StoreError) -> String {
    format!("{error}: nothing can be stored or read")
}
