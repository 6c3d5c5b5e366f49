//! Maps and sets as sorted vectors.
//!
//! What `std::collections::BTreeMap` and `BTreeSet` do, for a tenth of the code: every type of a B-tree costs some 6 kB
//! of WebAssembly, and a component has dozens. What comes in the order of its keys, as everything stored does, is
//! appended; any other insertion moves what lies behind it. So a collection that a sender could make large in an order
//! of the sender's choice belongs into a B-tree.

mod iter;
mod map;
mod set;
mod stored;

pub use self::iter::{Iter, Keys};
pub use self::map::{Entry, SortedMap};
pub use self::set::SortedSet;

/// Adds an item to a sorted list without repeats. Returns whether it is new.
pub fn add<T: Ord>(sorted: &mut Vec<T>, item: T) -> bool {
    let place = sorted.binary_search(&item);
    if let Err(at) = place {
        sorted.insert(at, item);
    }
    place.is_err()
}
