//! Queues in the store: read together, changed by compare-and-swap, made where something first goes wrong.

use super::delivering::Delivering;
use super::line::{Line, Noted};
use super::queue::Queue;
use crate::config::Subscription;
use crate::fold::{FoldError, Ledger, ensure, key_of};
use crate::keys;
use crate::ports::{Clock, Log, Outbound, Random, Store, StoreError, Swap};

/// How often a swap is tried.
const TRIES: i64 = 32;

impl<S: Store, C: Clock, R: Random, O: Outbound, L: Log> Delivering<'_, S, C, R, O, L> {
    /// The queues of some subscriptions, in one call; empty ones where there are none.
    pub(crate) async fn read_queues(
        &self,
        ledger: &Ledger,
        subscriptions: &[&Subscription],
    ) -> Result<Vec<Queue>, FoldError> {
        let mut queues: Vec<Queue> = subscriptions.iter().map(|_| Queue::default()).collect();
        let (mut places, mut keys) = (Vec::new(), Vec::new());
        for (place, subscription) in subscriptions.iter().enumerate() {
            if let Some(key) = key_of(ledger, &keys::queue_name(subscription.id)) {
                places.push(place);
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Ok(queues);
        }
        let stored = self.folder.store.get_many(&keys).await?;
        for ((place, key), bytes) in places.into_iter().zip(&keys).zip(stored) {
            let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
            if let Some(queue) = queues.get_mut(place) {
                *queue = decode(key, &bytes)?;
            }
        }
        Ok(queues)
    }

    /// Notes what came of sending in the stored queue, which is made where there is none.
    pub(super) async fn store_notes(&self, ledger: &mut Ledger, line: &mut Line<'_>) -> Result<(), FoldError> {
        let noted = std::mem::take(&mut line.noted);
        if noted.is_empty() {
            return Ok(());
        }
        let name = keys::queue_name(line.subscription.id);
        ensure(self.folder.store, self.folder.clock, ledger, &name, &Queue::default().encode()).await?;
        let note = &mut |queue: &mut Queue| {
            noted.iter().for_each(|noted: &Noted| noted.note(queue));
            true
        };
        line.queue = self.change_queue(ledger, line.subscription, note).await?;
        Ok(())
    }

    /// Changes a queue that exists; `change` says whether there is anything to store.
    pub(crate) async fn change_queue(
        &self,
        ledger: &Ledger,
        subscription: &Subscription,
        change: &mut dyn FnMut(&mut Queue) -> bool,
    ) -> Result<Queue, FoldError> {
        let store = self.folder.store;
        let key = key_of(ledger, &keys::queue_name(subscription.id)).ok_or(FoldError::Stale)?;
        for lost in 0..TRIES {
            let (bytes, handle) = store.read_to_swap(&key).await?;
            let bytes = bytes.ok_or_else(|| StoreError(format!("{key} is gone")))?;
            let mut queue = decode(&key, &bytes)?;
            if !change(&mut queue) {
                return Ok(queue);
            }
            queue.version += 1;
            queue.counts.add(Queue::LOST, lost);
            if store.swap(handle, &queue.encode()).await? == Swap::Stored {
                return Ok(queue);
            }
        }
        Err(FoldError::Contention(format!("the retry queue of subscription {}", subscription.id)))
    }
}

fn decode(key: &str, bytes: &[u8]) -> Result<Queue, FoldError> {
    Queue::decode(bytes).map_err(|problem| FoldError::Unreadable { key: key.to_owned(), problem })
}
