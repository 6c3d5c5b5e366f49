//! A filter of terms (a Bloom filter): a few bytes that say of a term whether it may be among those that were added. Where
//! they say no, it is not; of those that are not, less than one in fifty seems to be.
//!
//! Terms are 64-bit hashes. A filter begins at its largest and is halved as long as it stays half empty: so it is as small
//! as its terms allow, without their being counted first.

/// How many bits stand for a term: with half of all bits set, one term in 64 that is not there seems to be.
const HASHES: u64 = 6;
/// The largest and the smallest, bytes; powers of two. The largest is for some 7500 terms; of more, more seem to be there.
const LARGEST: usize = 8 * 1024;
const SMALLEST: usize = 64;

/// A filter of terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Vec<u8>);

impl Filter {
    /// One to which terms can be added.
    pub fn new() -> Self {
        Self(vec![0; LARGEST])
    }

    /// Reads the stored form; `None`: it is something else.
    pub fn read(stored: Vec<u8>) -> Option<Self> {
        let right = stored.len().is_power_of_two() && (SMALLEST..=LARGEST).contains(&stored.len());
        right.then_some(Self(stored))
    }

    /// Adds a term.
    pub fn add(&mut self, term: u64) {
        for nth in 0..HASHES {
            let (byte, bit) = self.place(term, nth);
            if let Some(byte) = self.0.get_mut(byte) {
                *byte |= bit;
            }
        }
    }

    /// Whether a term may be among those that were added.
    pub fn may_have(&self, term: u64) -> bool {
        (0..HASHES).all(|nth| {
            let (byte, bit) = self.place(term, nth);
            self.0.get(byte).is_some_and(|byte| byte & bit != 0)
        })
    }

    /// The stored form: as small as it stays half empty.
    pub fn stored(self) -> Vec<u8> {
        let mut bytes = self.0;
        while bytes.len() > SMALLEST {
            let (low, high) = bytes.split_at(bytes.len() / 2);
            let halved: Vec<u8> = low.iter().zip(high).map(|(low, high)| low | high).collect();
            let set: usize = halved.iter().map(|byte| byte.count_ones() as usize).sum();
            if set > halved.len() * 4 {
                break;
            }
            bytes = halved;
        }
        bytes
    }

    /// The byte and the bit in it that are the `nth` of a term. In one that is half as large it is the same, modulo its
    /// size.
    fn place(&self, term: u64, nth: u64) -> (usize, u8) {
        let at = term.wrapping_add((term >> 32 | 1).wrapping_mul(nth));
        ((at >> 3) as usize & self.0.len().wrapping_sub(1), 1 << (at & 7))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::terms::{About, term};

    fn of(count: u64) -> Filter {
        let mut filter = Filter::new();
        (0..count).for_each(|nth| filter.add(term(About::Label, nth)));
        Filter::read(filter.stored()).expect("what was stored reads back")
    }

    #[test]
    fn what_was_added_is_there_and_hardly_anything_else() {
        for count in [0, 1, 10, 50, 100, 333, 700, 1000, 1700, 2500, 4000, 5500, 7500] {
            let filter = of(count);
            assert!((0..count).all(|nth| filter.may_have(term(About::Label, nth))), "{count}");
            let seem = (0..20_000).filter(|nth| filter.may_have(term(About::Responder, *nth))).count();
            assert!(seem < 20_000 * 3 / 100, "{seem} of 20000 seem to be among {count}");
        }
    }

    #[test]
    fn it_is_as_small_as_its_terms_allow() {
        let sizes = [0, 20, 100, 1000, 5000, 1_000_000].map(|count| of(count).0.len());
        assert_eq!(sizes, [64, 64, 128, 2048, 8192, 8192]);
        // Of too many it says that all may be there.
        assert!((0..1000).all(|nth| of(1_000_000).may_have(term(About::Num, nth))));
    }

    #[test]
    fn something_else_is_no_filter() {
        for wrong in [Vec::new(), vec![0; 32], vec![0; 65], vec![0; 16 * 1024]] {
            assert_eq!(Filter::read(wrong), None);
        }
    }
}
