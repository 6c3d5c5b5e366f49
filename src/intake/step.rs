//! What a rule of enrichment or of a pipeline did with an alert, told to people. Nothing of it is written unless
//! somebody asked: alerts that are only taken in cost no texts.

use std::fmt;

use serde::Serialize;

use super::fields::cut;

/// How much of a text a step shows, in characters.
const SHOWN_CHARS: usize = 80;

/// What one rule did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which rule, from 1.
    pub rule: usize,
    /// Its kind, by the name in the configuration.
    pub kind: &'static str,
    /// Whether its conditions held.
    pub matched: bool,
    /// What it did, in one sentence.
    pub effect: String,
}

/// What there is to say of one rule; nothing is kept where nobody asked.
#[derive(Clone, Debug)]
pub struct Account(Option<String>);

impl Account {
    /// An empty account.
    pub fn new(asked: bool) -> Self {
        Self(asked.then(String::new))
    }

    /// Adds what `sentence` gives. It is called only where somebody asked.
    pub fn say(&mut self, sentence: impl FnOnce() -> String) {
        if let Some(text) = &mut self.0 {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&sentence());
        }
    }

    /// Adds the step of this rule to `steps`, if there are any to add to.
    pub fn close(self, rule: usize, kind: &'static str, matched: bool, steps: Option<&mut Vec<Step>>) {
        if let (Some(effect), Some(steps)) = (self.0, steps) {
            steps.push(Step { rule, kind, matched, effect });
        }
    }
}

/// A text as steps show it: its beginning, on one line.
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = cut(self.0, SHOWN_CHARS);
        // Line ends and the like would break the sentence.
        kept.chars().try_for_each(|c| if c.is_control() { f.write_str(" ") } else { write!(f, "{c}") })?;
        if kept.len() < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_nobody_asked_for_is_not_written() {
        let (mut account, mut steps) = (Account::new(false), Vec::new());
        account.say(|| panic!("nobody asked"));
        account.close(1, "drop", true, Some(&mut steps));
        assert!(steps.is_empty());
    }

    #[test]
    fn what_is_said_becomes_one_sentence() {
        let (mut account, mut steps) = (Account::new(true), Vec::new());
        account.say(|| "label a = 1".into());
        account.say(|| "label b = 2".into());
        account.close(3, "mapping", true, Some(&mut steps));
        let effect = "label a = 1; label b = 2".to_owned();
        assert_eq!(steps, [Step { rule: 3, kind: "mapping", matched: true, effect }]);
    }

    #[test]
    fn a_long_text_is_shown_by_its_beginning_on_one_line() {
        assert_eq!(Shown("a\nb").to_string(), "a b");
        assert_eq!(Shown(&"é".repeat(81)).to_string(), "é".repeat(80) + "…");
        assert_eq!(Shown(&"é".repeat(80)).to_string(), "é".repeat(80));
    }
}
