//! Root documents: boards and retry queues, changed by compare-and-swap and created safely.
//!
//! On some stores a swap of a missing key lets every racer win, so a document is never created by one. Whoever needs
//! it stores an empty one under a key that nobody else uses (its number comes from a counter), and then asks the
//! ledger to take this number. The ledger, which exists, takes only one.

use super::error::FoldError;
use super::ledger::Ledger;
use crate::keys;
use crate::ports::{Clock, Store};

/// The key of a root document, if it exists.
pub fn key_of(ledger: &Ledger, name: &str) -> Option<String> {
    ledger.roots.get(name).map(|number| keys::root(name, *number))
}

/// The key of a root document, which is created with `empty` if it does not exist.
pub async fn ensure(
    store: &impl Store,
    clock: &impl Clock,
    ledger: &mut Ledger,
    name: &str,
    empty: &[u8],
) -> Result<String, FoldError> {
    if let Some(key) = key_of(ledger, name) {
        return Ok(key);
    }
    let mine = store.increment(&keys::root_arbiter(name), 1).await?;
    store.set(&keys::root(name, mine), empty).await?;
    let changed = Ledger::change(store, clock, &mut |ledger| {
        let free = !ledger.roots.contains_key(name);
        if free {
            ledger.roots.insert(name.to_owned(), mine);
        }
        free
    })
    .await?;
    let number = changed.roots.get(name).copied().unwrap_or(mine);
    // Only this entry is taken over: the reading that the caller is in goes by the ledger as it was.
    ledger.roots.insert(name.to_owned(), number);
    if number != mine {
        store.delete_many(&[keys::root(name, mine)]).await?;
    }
    Ok(keys::root(name, number))
}
