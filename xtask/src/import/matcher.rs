//! Matchers of labels, as conditions of Alarum.
//!
//! To Alertmanager a label that is absent is an empty one; a condition does not hold where its label is absent. So a
//! matcher may need two conditions, or two groups of them of which one must hold.

use alarum::filter::{Condition, Oper, Pattern};
use anyhow::{Result, bail, ensure};
use regex_lite::Regex;

/// Groups of conditions: one must hold, and in it every condition. No group: it never holds.
pub type Groups = Vec<Vec<Condition>>;

/// More groups than this are not followed.
const GROUPS: usize = 64;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Like,
    /// `!~`
    NotLike,
}

/// A matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// How.
    pub compare: Compare,
    /// With what.
    pub value: String,
}

impl Matcher {
    /// Reads what stands in `matchers`: one or several, also in braces.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn parse_all(text: &str) -> Result<Vec<Matcher>> {
        let trimmed = text.trim();
        let inner = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(trimmed);
        let (mut rest, mut found) = (inner.trim(), Vec::new());
        while !rest.is_empty() {
            let (matcher, after) = Self::parse(rest)?;
            found.push(matcher);
            let after = after.trim_start();
            ensure!(after.is_empty() || after.starts_with(','), "there must be a comma before '{after}'");
            rest = after.trim_start_matches(',').trim_start();
        }
        Ok(found)
    }

    fn parse(text: &str) -> Result<(Matcher, &str)> {
        let (name, rest) = word(text, &['=', '!', '~', ' '])?;
        let rest = rest.trim_start();
        let operators =
            [("=~", Compare::Like), ("!~", Compare::NotLike), ("!=", Compare::NotEqual), ("=", Compare::Equal)];
        let Some((sign, compare)) = operators.into_iter().find(|(sign, _)| rest.starts_with(sign)) else {
            bail!("'{text}' has none of =, !=, =~, !~");
        };
        ensure!(!name.is_empty(), "'{text}' names no label");
        let (value, rest) = word(rest[sign.len()..].trim_start(), &[','])?;
        Ok((Matcher { name, compare, value }, rest))
    }

    /// Whether it holds for a label's value; an absent one is empty.
    ///
    /// # Errors
    /// When the expression is not one that Alarum knows.
    pub fn holds(&self, value: &str) -> Result<bool> {
        Ok(match self.compare {
            Compare::Equal => self.value == value,
            Compare::NotEqual => self.value != value,
            Compare::Like => self.regex()?.is_match(value),
            Compare::NotLike => !self.regex()?.is_match(value),
        })
    }

    fn regex(&self) -> Result<Regex> {
        alarum::filter::expression(&self.anchored()).map_err(|problem| anyhow::anyhow!("'{}': {problem}", self.value))
    }

    fn anchored(&self) -> String {
        format!("^(?:{})$", self.value)
    }

    /// The same as conditions.
    ///
    /// # Errors
    /// When the expression is not one that Alarum knows.
    pub fn groups(&self) -> Result<Groups> {
        let key = format!("labels.{}", self.name);
        let condition = |oper, vals: Vec<String>| {
            let vals = vals.into_iter().map(Pattern::from).collect();
            Condition { key: key.clone(), oper, vals }
        };
        let something = |oper| condition(oper, vec!["?*".to_owned()]);
        let groups = match self.compare {
            Compare::Equal if self.value.is_empty() => vec![vec![something(Oper::NotIn)]],
            Compare::NotEqual if self.value.is_empty() => vec![vec![something(Oper::In)]],
            Compare::Equal => vec![vec![condition(Oper::In, vec![exactly(&self.value)])]],
            Compare::NotEqual => vec![vec![condition(Oper::NotIn, vec![exactly(&self.value)])]],
            Compare::Like if self.value == ".*" => vec![vec![]],
            Compare::NotLike if self.value == ".*" => vec![],
            Compare::Like | Compare::NotLike => {
                let vals = self.words().unwrap_or_else(|| vec![format!("/{}/", self.anchored())]);
                let empty = self.regex()?.is_match("");
                match (self.compare, empty) {
                    (Compare::Like, false) => vec![vec![condition(Oper::In, vals)]],
                    (Compare::Like, true) => vec![vec![condition(Oper::In, vals)], vec![something(Oper::NotIn)]],
                    (_, false) => vec![vec![condition(Oper::NotIn, vals)]],
                    (_, true) => vec![vec![condition(Oper::NotIn, vals), something(Oper::In)]],
                }
            }
        };
        if let Some(problem) = groups.iter().flatten().find_map(|condition| condition.check().err()) {
            bail!("{problem}");
        }
        Ok(groups)
    }

    /// The words of an expression that is nothing but words with `|` between them.
    fn words(&self) -> Option<Vec<String>> {
        let plain = |word: &str| {
            !word.is_empty()
                && word.chars().all(|c| c.is_alphanumeric() || "-_/ :@".contains(c))
                && exactly(word) == word
        };
        let words: Vec<&str> = self.value.split('|').collect();
        words.iter().all(|word| plain(word)).then(|| words.into_iter().map(str::to_owned).collect())
    }
}

/// A word: in quotes, or up to one of `ends`.
fn word<'a>(text: &'a str, ends: &[char]) -> Result<(String, &'a str)> {
    let Some(quote) = text.chars().next().filter(|c| ['"', '\'', '`'].contains(c)) else {
        let end = text.find(ends).unwrap_or(text.len());
        return Ok((text[..end].trim().to_owned(), &text[end..]));
    };
    let (mut word, mut chars) = (String::new(), text.char_indices().skip(1));
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((word, &text[at + c.len_utf8()..])),
            '\\' if quote != '`' => match chars.next() {
                Some((_, 'n')) => word.push('\n'),
                Some((_, c @ ('"' | '\\' | '\''))) => word.push(c),
                Some((_, other)) => word.extend(['\\', other]),
                None => break,
            },
            c => word.push(c),
        }
    }
    bail!("'{text}' has a quote without an end")
}

/// A pattern that is equal to a text and nothing else.
pub fn exactly(text: &str) -> String {
    let begins = ["cidr:", "num:"].iter().any(|begin| text.starts_with(begin));
    let slashes = text.len() > 1 && text.starts_with('/') && text.ends_with('/');
    if !begins && !slashes && !text.contains(['*', '?']) {
        return text.to_owned();
    }
    let escape = |c: char| if r"\.+*?()|[]{}^$".contains(c) { format!("\\{c}") } else { c.to_string() };
    format!("/^{}$/", text.chars().map(escape).collect::<String>())
}

/// What holds where both hold.
///
/// # Errors
/// When it takes too many groups.
pub fn both(first: &Groups, second: &Groups) -> Result<Groups> {
    let mut groups = Groups::new();
    for a in first {
        for b in second {
            let mut group = a.clone();
            group.extend(b.iter().filter(|condition| !a.contains(condition)).cloned());
            let opposite = |c: &Condition| group.contains(&negated(c));
            if !group.iter().any(opposite) && !groups.contains(&group) {
                groups.push(group);
            }
        }
    }
    ensure!(groups.len() <= GROUPS, "it takes more than {GROUPS} groups of conditions");
    Ok(groups)
}

/// What holds where it does not.
///
/// # Errors
/// When it takes too many groups.
pub fn not(groups: &Groups) -> Result<Groups> {
    groups.iter().try_fold(vec![vec![]], |so_far, group| {
        let opposite: Groups = group.iter().map(|condition| vec![negated(condition)]).collect();
        both(&so_far, &opposite)
    })
}

fn negated(condition: &Condition) -> Condition {
    let oper = match condition.oper {
        Oper::In => Oper::NotIn,
        Oper::NotIn => Oper::In,
    };
    Condition { oper, ..condition.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alarum::filter::{Facts, Origin, all_hold};
    use alarum::intake::{AlertEvent, Status};

    #[test]
    fn matchers_are_read_in_every_way_they_are_written() {
        let one = |text: &str| Matcher::parse_all(text).unwrap().remove(0);
        let wanted = Matcher { name: "team".into(), compare: Compare::Like, value: "a|b".into() };
        for text in ["team=~a|b", "team =~ \"a|b\"", "{team=~'a|b'}", " \"team\" =~ `a|b` ", "team=~a|b,"] {
            assert_eq!(one(text), wanted, "{text}");
        }
        assert_eq!(one(r#"a="x\"y\\z, w""#).value, "x\"y\\z, w");
        assert_eq!(Matcher::parse_all(r#"{a="1", b!="2",c!~"3"}"#).unwrap().len(), 3);
        for text in ["team", "=x", "a=\"x", "a=\"x\" b=\"y\""] {
            assert!(Matcher::parse_all(text).is_err(), "{text}");
        }
    }

    #[test]
    fn conditions_hold_where_the_matcher_does_also_for_absent_labels() {
        let values = ["", "a", "b", "ab", "a*", "/a/", "num:ge:3", "a.b", "A"];
        let mut seen = 0;
        for compare in [Compare::Equal, Compare::NotEqual, Compare::Like, Compare::NotLike] {
            for value in ["", "a", "a|b", "a*", ".*", ".+", "(a|b)?", "/a/", "num:ge:3", "a\\.b", "a||b", "[a-b]"] {
                let matcher = Matcher { name: "l".into(), compare, value: value.into() };
                let groups = matcher.groups().unwrap();
                let opposite = not(&groups).unwrap();
                for found in values.iter().map(Some).chain([None]) {
                    let labels = found.map(|v| ("l".to_owned(), (*v).to_owned())).into_iter().collect();
                    let event = AlertEvent { status: Status::Info, labels, ..AlertEvent::default() };
                    let facts = Facts::of(&event, Origin::default());
                    let wanted = matcher.holds(found.copied().unwrap_or_default()).unwrap();
                    assert_eq!(groups.iter().any(|g| all_hold(g, &facts)), wanted, "{matcher:?} of {found:?}");
                    assert_eq!(opposite.iter().any(|g| all_hold(g, &facts)), !wanted, "not {matcher:?} of {found:?}");
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, 4 * 12 * 10);
    }
}
