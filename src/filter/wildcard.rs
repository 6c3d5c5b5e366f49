//! Wildcards (Flashduty, "Filter Conditions"): `*` is any run of characters, also none, and `?` is one Unicode scalar
//! value; everything else is itself. The whole text must match.

use std::str::Chars;

/// Whether a text matches a wildcard.
///
/// Only the last `*` is ever tried anew: what an earlier one could take besides, the last one can take as well. So the
/// time is at most the product of both lengths, and for a wildcard without repeated beginnings about their sum.
pub fn matches(wildcard: &str, text: &str) -> bool {
    walk(wildcard, text, || ())
}

fn walk(wildcard: &str, text: &str, mut step: impl FnMut()) -> bool {
    let (mut pattern, mut rest) = (wildcard.chars(), text.chars());
    // Behind the last `*`: what is left of the wildcard, and where in the text it was last tried.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        step();
        match pattern.next() {
            Some('*') => {
                if pattern.as_str().is_empty() {
                    return true;
                }
                retry = Some((pattern.clone(), rest.clone()));
                continue;
            }
            Some(wanted) => match rest.next() {
                Some(found) if wanted == '?' || wanted == found => continue,
                Some(_) => {}
                // The text has run out; trying further on can only leave less of it.
                None => return false,
            },
            None if rest.as_str().is_empty() => return true,
            None => {}
        }
        let Some((behind, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        (pattern, rest) = (behind.clone(), from.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn steps(wildcard: &str, text: &str) -> (bool, usize) {
        let mut count = 0;
        let matched = walk(wildcard, text, || count += 1);
        (matched, count)
    }

    /// What a wildcard means, told without regard to time.
    fn naive(wildcard: &[char], text: &[char]) -> bool {
        match (wildcard.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some(('*', behind)), None) => naive(behind, text),
            (Some(('*', behind)), Some((_, rest))) => naive(behind, text) || naive(wildcard, rest),
            (Some(_), None) => false,
            (Some((wanted, behind)), Some((found, rest))) => (*wanted == '?' || wanted == found) && naive(behind, rest),
        }
    }

    #[test]
    fn a_wildcard_covers_the_whole_text() {
        let cases = [
            ("web-*", "web-07", true),
            ("web-*", "web-", true),
            ("web-*", "a web-07", false),
            ("*full*", "disk full now", true),
            ("*full", "disk full now", false),
            ("web-?", "web-7", true),
            ("web-?", "web-", false),
            ("web-?", "web-07", false),
            ("*", "", true),
            ("?", "", false),
            ("*.*.*", "a.b.c.d", true),
            ("*a?c", "abcaxc", true),
            ("DISK*", "disk full", false),
        ];
        for (wildcard, text, expected) in cases {
            assert_eq!(matches(wildcard, text), expected, "{wildcard} on {text}");
        }
    }

    #[test]
    fn a_question_mark_is_one_character_and_not_one_byte() {
        assert!(matches("??", "宕机"));
        assert!(!matches("?", "宕机"));
        assert!(matches("宕*", "宕机了"));
    }

    #[test]
    fn the_steps_are_bounded_by_the_product_of_the_lengths() {
        let text = "a".repeat(2048);
        let hostile = "*a".repeat(500) + "*b";
        let (matched, count) = steps(&hostile, &text);
        assert!(!matched && count <= hostile.len() + 3 * text.len(), "{count}");
        let worst = format!("*{}b", "a".repeat(200));
        let (matched, count) = steps(&worst, &text);
        assert!(!matched && count <= (worst.len() + 1) * (text.len() + 1), "{count}");
        assert_eq!(steps(&"*".repeat(10_000), &text), (true, 10_000));
    }

    #[test]
    fn the_steps_grow_with_the_text_and_not_with_its_square() {
        let wildcard = "*disk*full*on*web-*-eu";
        let (_, short) = steps(wildcard, &"disk full on web-7 ".repeat(50));
        let (_, long) = steps(wildcard, &"disk full on web-7 ".repeat(500));
        assert!(long <= short * 11, "{short} {long}");
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_naive_meaning(wildcard in "[ab?*é]{0,8}", text in "[abé]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&wildcard, &text), naive(&chars(&wildcard), &chars(&text)));
        }
    }
}
