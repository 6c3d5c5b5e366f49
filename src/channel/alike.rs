//! How alike two alerts are, by their texts.
//!
//! Of each chosen field the words are taken, in lower case, with every run of digits as one sign: `web-01` and `web-02`
//! are alike. The features of a field are its words and its pairs of neighbouring words. Two fields are as alike as the
//! share of features that they have in common (Dice: twice the common ones, by all of both); alerts are as alike as
//! their fields in the mean. A field that is empty in both does not count.
//!
//! So it tells texts of one template from others, not what they mean: a table of titles is in `docs/channels.md`. Where
//! words are not parted by spaces, as in Chinese, a whole phrase is one word.

use crate::journal::Texts;

/// The most features of a field: those with the least hashes, so that two long texts keep the same ones.
const FEATURES: usize = 64;

/// The features of a text: hashes, rising, without repeats.
pub fn features(text: &str) -> Vec<u32> {
    let mut features = Vec::new();
    let mut before: Option<u32> = None;
    let mut word = FNV_BASIS;
    let (mut begun, mut digits) = (false, false);
    // A sign at the end ends the last word.
    for sign in text.chars().chain(['\0']) {
        if sign.is_ascii_digit() {
            if !digits {
                word = fnv(word, b"#");
            }
            (begun, digits) = (true, true);
        } else if sign.is_alphanumeric() {
            for lower in sign.to_lowercase() {
                word = fnv(word, lower.encode_utf8(&mut [0; 4]).as_bytes());
            }
            (begun, digits) = (true, false);
        } else if begun {
            features.push(word);
            if let Some(before) = before {
                features.push(fnv(before, &word.to_be_bytes()));
            }
            before = Some(word);
            (word, begun, digits) = (FNV_BASIS, false, false);
        }
    }
    features.sort_unstable();
    features.dedup();
    features.truncate(FEATURES);
    features
}

/// FNV-1a, 32 bits.
const FNV_BASIS: u32 = 0x811c_9dc5;

fn fnv(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// How alike two alerts are, thousandths; 0 where there is nothing to compare.
pub fn score(a: &Texts, b: &Texts) -> u32 {
    let (mut sum, mut fields) = (0, 0);
    for (a, b) in a.keys.iter().zip(&b.keys) {
        if !a.is_empty() || !b.is_empty() {
            fields += 1;
            sum += likeness(a, b);
        }
    }
    match fields {
        0 => 0,
        fields => (sum / fields) as u32,
    }
}

/// How alike two fields are by their features, thousandths; 0 where neither has any.
pub fn likeness(a: &[u32], b: &[u32]) -> usize {
    (2000 * common(a, b)).checked_div(a.len() + b.len()).unwrap_or(0)
}

/// How many hashes two rising lists have in common.
fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut a, mut b, mut both) = (a.iter().peekable(), b.iter().peekable(), 0);
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                both += 1;
                a.next();
                b.next();
            }
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: &[&str], b: &[&str]) -> u32 {
        let texts = |fields: &[&str]| Texts { keys: fields.iter().map(|text| features(text)).collect(), score: 900 };
        score(&texts(a), &texts(b))
    }

    #[test]
    fn other_numbers_and_other_case_are_no_difference() {
        assert_eq!(of(&["CPU at 97.2% on web-01"], &["cpu at 8.5% on web-17"]), 1000);
        assert_eq!(features("web-01"), features("WEB 2"));
        assert_ne!(features("web1x"), features("web x"));
    }

    #[test]
    fn alerts_of_another_kind_are_not_alike() {
        assert!(of(&["Disk full on web-01"], &["Certificate of shop expires"]) < 100);
        assert!(of(&["Disk full on web-01"], &["Memory full on web-01"]) < 900);
    }

    /// What belongs together at the usual threshold, by all four of the usual fields.
    #[test]
    fn at_nine_tenths_one_template_merges_and_another_place_or_cause_does_not() {
        let slow = "p99 latency of POST /cart is 1840 ms, more than 1000 ms for 5 minutes";
        let first = ["Latency high on web-01", slow, "shop", ""];
        let merges = [
            ["Latency high on web-17", slow, "shop", ""],
            [
                "Latency high on web-17",
                "p99 latency of POST /cart is 2210 ms, more than 1000 ms for 15 minutes",
                "shop",
                "",
            ],
            [
                "latency high on WEB-2",
                "p99 latency of POST /cart is 990 ms, more than 800 ms for 5 minutes now",
                "shop",
                "",
            ],
        ];
        let stands_alone = [
            ["Latency high on web-01", slow, "payments", ""],
            ["Latency high on db-01", slow, "shop", ""],
            ["Latency high on web-01", "no data", "shop", ""],
            ["Latency high on web-01", slow, "shop", "pod-1"],
        ];
        for other in merges {
            assert!(of(&first, &other) >= 900, "{other:?}: {}", of(&first, &other));
        }
        for other in stands_alone {
            assert!(of(&first, &other) < 900, "{other:?}: {}", of(&first, &other));
        }
    }

    #[test]
    fn fields_that_are_empty_in_both_do_not_count_and_one_that_is_empty_in_one_does() {
        assert_eq!(of(&["a b", ""], &["a b", ""]), 1000);
        assert_eq!(of(&["a b", "x"], &["a b", ""]), 500);
        assert_eq!(of(&["", ""], &["", ""]), 0);
    }

    #[test]
    fn the_order_of_words_matters_a_little() {
        // Two words in common, one pair each that is not: four of six.
        assert_eq!(of(&["a b"], &["b a"]), 666);
    }

    #[test]
    fn long_texts_keep_so_many_features_and_compare_by_them() {
        let long: String =
            (0..500_u32).map(|nth| format!("w{} ", char::from_u32(0x4e00 + nth).unwrap_or('x'))).collect();
        let kept = features(&long);
        assert_eq!(kept.len(), FEATURES);
        assert!(kept.is_sorted_by(|a, b| a < b));
        assert_eq!(of(&[&long], &[&long]), 1000);
    }

    #[test]
    fn hashes_never_change() {
        // They stand in stored journals and boards.
        assert_eq!(features("a"), [0xe40c_292c]);
        assert_eq!(features(""), [0; 0]);
    }
}
