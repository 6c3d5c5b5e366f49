//! One value of a condition and how it matches (Flashduty, "Filter Conditions"): `/re/` is found anywhere, `cidr:` and
//! `num:` are ranges, `*` and `?` make a wildcard over the whole value, anything else is an equal text. Case matters.

use std::fmt;
use std::sync::OnceLock;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::range::{Bound, Network};
use super::{re2, wildcard};

/// The length of an expression or a wildcard, in characters. Plain texts may be of any length.
pub const PATTERN_CHARS: usize = 1024;

/// A value of a condition: a text in JSON and TOML. What it means is worked out once, when it is first needed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern {
    text: String,
    #[serde(skip)]
    matcher: OnceLock<Result<Matcher, String>>,
}

#[derive(Clone)]
enum Matcher {
    Equal,
    Wildcard,
    /// An expression that is nothing but words with `|` between them; by far the most, and quicker without a compiler.
    Words,
    Expression(Regex),
    Network(Network),
    Bound(Bound),
}

impl Pattern {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Refuses a pattern that can never match: a bad expression, range or comparison, or one that is too long. What
    /// passes here is compiled and never fails later. The text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.matcher().as_ref().map(drop).map_err(Clone::clone)
    }

    /// Whether a value matches; a bad pattern matches nothing.
    pub fn matches(&self, value: &str) -> bool {
        match self.matcher() {
            Ok(Matcher::Equal) => self.text == value,
            Ok(Matcher::Wildcard) => wildcard::matches(&self.text, value),
            Ok(Matcher::Words) => between_slashes(&self.text).unwrap_or_default().split('|').any(|w| value.contains(w)),
            Ok(Matcher::Expression(regex)) => regex.is_match(value),
            Ok(Matcher::Network(network)) => network.contains(value),
            Ok(Matcher::Bound(bound)) => bound.contains(value),
            Err(_) => false,
        }
    }

    fn matcher(&self) -> &Result<Matcher, String> {
        self.matcher.get_or_init(|| Matcher::of(&self.text))
    }
}

impl Matcher {
    fn of(text: &str) -> Result<Self, String> {
        if let Some(expression) = between_slashes(text) {
            let is_operator = |c: char| c != '|' && r"\.+*?()[]{}^$".contains(c);
            let too_long = expression.chars().nth(PATTERN_CHARS).is_some();
            if !too_long && !expression.contains(is_operator) {
                return Ok(Self::Words);
            }
            return re2::expression(expression).map(Self::Expression);
        }
        if let Some(range) = text.strip_prefix("cidr:") {
            return Network::parse(range)
                .map(Self::Network)
                .ok_or_else(|| "is no range such as cidr:10.0.0.0/8".into());
        }
        if let Some(bound) = text.strip_prefix("num:") {
            let problem = || "is no comparison such as num:ge:90 (gt, ge, lt, le)".into();
            return Bound::parse(bound).map(Self::Bound).ok_or_else(problem);
        }
        if !text.contains(['*', '?']) {
            return Ok(Self::Equal);
        }
        match text.chars().nth(PATTERN_CHARS) {
            Some(_) => Err(format!("a wildcard has at most {PATTERN_CHARS} characters")),
            None => Ok(Self::Wildcard),
        }
    }
}

/// The expression of `/re/`. A single slash is a text.
fn between_slashes(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/')
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, matcher: OnceLock::new() }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_look_of_a_value_says_how_it_matches() {
        let cases = [
            // An expression is found anywhere.
            ("/disk|inode/", "no inodes left", true),
            ("/^disk/", "a disk", false),
            ("/Disk/", "disk", false),
            ("/\\d{2}%/", "at 97%", true),
            ("/var/log/", "/srv/var/log/x", true),
            ("//", "anything", true),
            ("/a|/", "b", true),
            // A wildcard covers the whole value, and slashes within it are nothing special.
            ("web-*", "web-07", true),
            ("web-?", "xweb-7", false),
            ("/var/*", "/var/log", true),
            ("http://*", "http://x/", true),
            ("*", "", true),
            // Ranges.
            ("cidr:10.0.0.206/24", "10.0.0.9", true),
            ("num:gt:90", "90.5", true),
            ("num:gt:90", "high", false),
            // Equal texts.
            ("Critical", "Critical", true),
            ("Critical", "critical", false),
            ("/", "/", true),
            ("/var", "/var/log", false),
            ("a.c", "abc", false),
            ("num", "num", true),
            (" a", "a", false),
            ("", "", true),
        ];
        for (pattern, value, expected) in cases {
            let pattern = Pattern::from(pattern);
            assert_eq!(pattern.check(), Ok(()), "{pattern:?}");
            assert_eq!(pattern.matches(value), expected, "{pattern:?} on {value:?}");
        }
    }

    #[test]
    fn a_bad_pattern_is_refused_and_matches_nothing() {
        let long = [format!("/{}/", "a".repeat(1025)), "*".repeat(10_000), format!("/{}/", ".".repeat(1025))];
        let bad = ["/(/", "/a{1001}/", "cidr:", "cidr:*", "cidr:10.0.0.0/40", "num:5", "num:eq:5", "num:gt:NaN"];
        for text in bad.into_iter().chain(long.iter().map(String::as_str)) {
            let pattern = Pattern::from(text);
            assert!(!pattern.matches(text) && !pattern.matches(""), "{text}");
            assert!(pattern.check().is_err_and(|problem| !problem.is_empty()), "{text}");
        }
    }

    #[test]
    fn words_mean_what_the_expression_means() {
        for (expression, value) in
            [("disk|inode", "inode"), ("a|", "x"), ("x y", "a x y"), ("", ""), ("é", "dé"), ("a|b", "c")]
        {
            let compiled = re2::expression(expression).expect("an expression");
            let pattern = Pattern::from(format!("/{expression}/"));
            assert!(matches!(pattern.matcher(), Ok(Matcher::Words)), "{expression}");
            assert_eq!(pattern.matches(value), compiled.is_match(value), "{expression} on {value}");
        }
    }

    #[test]
    fn a_pattern_is_a_text_on_the_wire_and_stays_one_once_compiled() {
        let pattern: Pattern = serde_json::from_str(r#""/a+/""#).expect("a text");
        assert!(pattern.matches("caat"));
        assert_eq!(serde_json::to_string(&pattern).expect("a text"), r#""/a+/""#);
        assert_eq!(pattern, Pattern::from("/a+/"));
        assert!(pattern.clone().matches("caat") && format!("{pattern:?}") == r#""/a+/""#);
        assert!(serde_json::from_str::<Pattern>("5").is_err());
    }

    proptest! {
        #[test]
        fn no_pattern_and_no_value_panics(head in "|/|cidr:|num:gt:", body in "\\PC{0,60}", tail in "|/", value in "\\PC{0,200}") {
            let pattern = Pattern::from(head + &body + &tail);
            let matched = pattern.matches(&value);
            prop_assert!(!matched || pattern.check().is_ok());
        }
    }
}
