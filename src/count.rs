//! Counts that stand in a document which is stored anyhow, so that they cost no write of their own and are as exact as it.
//!
//! They have names; what an earlier version did not count reads as 0. The form is that of the ledger's roots, so that it
//! costs the components hardly any code.

use serde::{Deserialize, Serialize};

use crate::sorted::SortedMap;

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(SortedMap<String, i64>);

impl Counts {
    /// Whether nothing was ever counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was counted under a name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |count| u64::try_from(*count).unwrap_or(0))
    }

    /// Counts on.
    pub fn add(&mut self, name: &str, by: i64) {
        if by != 0 {
            let count = self.0.get(name).copied().unwrap_or(0).saturating_add(by).max(0);
            self.0.insert(name.to_owned(), count);
        }
    }

    /// The counts of those whose names are this prefix and an id, by the id.
    pub fn by_id(&self, prefix: &str) -> impl Iterator<Item = (i64, u64)> {
        self.0.iter().filter_map(move |(name, count)| {
            Some((name.strip_prefix(prefix)?.parse().ok()?, u64::try_from(*count).unwrap_or(0)))
        })
    }

    /// All of them whose names do not begin so.
    pub fn without(&self, prefix: &str) -> impl Iterator<Item = (&String, &i64)> {
        self.0.iter().filter(move |(name, _)| !name.starts_with(prefix))
    }
}

/// A number of things, as it is counted.
pub fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_counted_is_not_stored_and_reads_as_none() {
        let mut counts = Counts::default();
        counts.add("a", 0);
        assert!(counts.is_empty());
        counts.add("b", 3);
        counts.add("b", i64::MAX);
        counts.add("c", -1);
        assert_eq!(serde_json::to_string(&counts).expect("plain data"), format!("{{\"b\":{},\"c\":0}}", i64::MAX));
        assert_eq!((counts.get("c"), counts.get("d")), (0, 0));
    }

    #[test]
    fn what_is_counted_by_id_is_found_by_id() {
        let counts: Counts = serde_json::from_str(r#"{"r7":2,"r-1":3,"rx":4,"w7":5}"#).expect("counts");
        assert_eq!(counts.by_id("r").collect::<Vec<_>>(), [(-1, 3), (7, 2)]);
        assert_eq!(counts.without("r").map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["w7"]);
    }
}
