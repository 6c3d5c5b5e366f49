//! Values of any size in a store whose values are limited.
//!
//! What fits is stored under its key in one write. What does not is cut into parts under keys of their own, which are
//! written first; the key itself then holds only their number. Until the key is written the parts mean nothing, so a
//! large value is all-or-nothing like a small one.

use crate::keys;
use crate::ports::{Store, StoreError, VALUE_LIMIT};

/// First byte of a value that is here as a whole.
const WHOLE: u8 = b'w';
/// First byte of a value that is in parts; the number of parts follows as digits.
const PARTS: u8 = b'p';

/// The most bytes that go into one key, the first byte aside.
pub const WHOLE_LIMIT: usize = VALUE_LIMIT - 1;

/// The keys and values to write for `value`, parts first; and the number of parts (0: it fits).
pub fn split(key: &str, value: &[u8]) -> (Vec<(String, Vec<u8>)>, usize) {
    if value.len() <= WHOLE_LIMIT {
        return (vec![(key.to_owned(), tagged(WHOLE, value))], 0);
    }
    let mut entries: Vec<_> =
        value.chunks(VALUE_LIMIT).enumerate().map(|(nth, part)| (keys::part(key, nth), part.to_vec())).collect();
    let parts = entries.len();
    entries.push((key.to_owned(), tagged(PARTS, parts.to_string().as_bytes())));
    (entries, parts)
}

/// Stores a value: one write if it fits. Returns the number of parts (0: it fits).
pub async fn put(store: &impl Store, key: &str, value: &[u8]) -> Result<usize, StoreError> {
    let (entries, parts) = split(key, value);
    for (key, value) in &entries {
        store.set(key, value).await?;
    }
    Ok(parts)
}

/// A value and the number of its parts, or `None` where the key is absent.
///
/// # Errors
/// A store error; also where a part is missing or the value was not written by [`put`].
pub async fn get(store: &impl Store, key: &str) -> Result<Option<(Vec<u8>, usize)>, StoreError> {
    match store.get(key).await? {
        Some(stored) => assemble(store, key, stored).await.map(Some),
        None => Ok(None),
    }
}

/// The value and the number of its parts, from what is stored under its key.
pub async fn assemble(store: &impl Store, key: &str, mut stored: Vec<u8>) -> Result<(Vec<u8>, usize), StoreError> {
    match stored.first() {
        Some(&WHOLE) => {
            stored.remove(0);
            Ok((stored, 0))
        }
        Some(&PARTS) => {
            let digits = std::str::from_utf8(&stored[1..]).ok();
            let parts: usize = digits.and_then(|d| d.parse().ok()).ok_or_else(|| broken(key))?;
            let mut value = Vec::new();
            for nth in 0..parts {
                value.extend(store.get(&keys::part(key, nth)).await?.ok_or_else(|| broken(key))?);
            }
            Ok((value, parts))
        }
        _ => Err(broken(key)),
    }
}

fn broken(key: &str) -> StoreError {
    StoreError(format!("the value of {key} is not whole"))
}

fn tagged(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(bytes.len() + 1);
    value.push(tag);
    value.extend_from_slice(bytes);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_fits_is_one_write() {
        let (entries, parts) = split("k", &vec![7; WHOLE_LIMIT]);
        assert_eq!((entries.len(), parts), (1, 0));
        assert_eq!(entries[0].1.len(), VALUE_LIMIT);
    }

    #[test]
    fn a_larger_one_is_cut_and_its_key_comes_last() {
        let (entries, parts) = split("k", &vec![7; VALUE_LIMIT + 1]);
        assert_eq!(parts, 2);
        let names: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, ["k.0", "k.1", "k"]);
        assert!(entries.iter().all(|(_, value)| value.len() <= VALUE_LIMIT));
    }
}
