//! A map that keeps the entries which were set last: a receiver's memory must not grow for ever.

use std::collections::{BTreeMap, HashMap};

/// Keeps a limited number of entries.
#[derive(Debug)]
pub struct Recent<V> {
    limit: usize,
    turn: u64,
    /// With the turn in which each was set.
    entries: HashMap<String, (u64, V)>,
    /// The same by turn, the oldest first.
    turns: BTreeMap<u64, String>,
}

impl<V> Recent<V> {
    /// Keeps at most `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { limit, turn: 0, entries: HashMap::new(), turns: BTreeMap::new() }
    }

    /// The entry of a key, if it is still there.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Sets an entry, and lets go of the one that was set the longest time ago when there are too many.
    pub fn set(&mut self, key: &str, value: V) {
        self.turn += 1;
        if let Some((turn, _)) = self.entries.insert(key.to_owned(), (self.turn, value)) {
            self.turns.remove(&turn);
        }
        self.turns.insert(self.turn, key.to_owned());
        if self.entries.len() > self.limit
            && let Some((_, oldest)) = self.turns.pop_first()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_the_longest_time_ago_is_forgotten_first() {
        let mut recent = Recent::new(2);
        recent.set("a", 1);
        recent.set("b", 2);
        recent.set("a", 3);
        recent.set("c", 4);
        assert_eq!((recent.get("a"), recent.get("b"), recent.get("c")), (Some(&3), None, Some(&4)));
    }

    #[test]
    fn it_does_not_grow() {
        let mut recent = Recent::new(3);
        for nth in 0..100 {
            recent.set(&format!("{}", nth % 7), nth);
            assert!(recent.entries.len() <= 3 && recent.turns.len() == recent.entries.len());
        }
    }
}
