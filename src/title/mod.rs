//! Title rules: how a title is made from labels and attributes (Flashduty, "Reference Variables").
//!
//! A rule never fails. What it names and the alert lacks leaves the mark of its syntax, and what is not understood stays
//! as it was written. Values are inserted as they are and never read again, so no label can bring in a variable.

mod action;
mod dollar;
mod simple;
mod template;

use crate::sorted::SortedMap;

use crate::filter::{Facts, Origin};
use crate::intake::AlertEvent;
use crate::intake::bounded::Bounded;
use crate::intake::fields::{DESCRIPTION_CHARS, LABEL_VALUE_CHARS, TITLE_CHARS, cut};

/// What a text begins with that has `${}` and `{{}}` variables.
const TEMPLATE: &str = "[TPL]";

/// What a rule gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The text.
    pub text: String,
    /// Whether every variable was understood and had a value.
    pub complete: bool,
}

/// The title that a rule makes, at most 512 characters: a template after `[TPL]`, else `$a::$b::text`, else the text
/// itself.
pub fn resolve(rule: &str, facts: &Facts<'_>) -> Resolved {
    let mut text = Bounded::new(TITLE_CHARS);
    let complete = match rule.strip_prefix(TEMPLATE) {
        Some(template) => template::fill(template, true, facts, &mut text),
        None => simple::fill(rule, facts.labels, &mut text).unwrap_or_else(|| {
            text.push(rule);
            true
        }),
    };
    Resolved { text: text.into_text(), complete }
}

/// A text for the title or description of a rule, with its variables filled in where it starts with `[TPL]`; at most
/// 2048 characters. Whoever needs a title cuts it to 512.
pub fn expand(text: &str, facts: &Facts<'_>) -> String {
    match text.strip_prefix(TEMPLATE) {
        Some(template) => fill(template, true, facts, DESCRIPTION_CHARS).text,
        None => cut(text, DESCRIPTION_CHARS).to_owned(),
    }
}

/// The value of a label that is composed, at most 2048 characters: `{{}}` variables, with or without `[TPL]` before
/// them. `${}` means something only with it, because a `$` is common in addresses.
pub fn compose(template: &str, facts: &Facts<'_>) -> Resolved {
    match template.strip_prefix(TEMPLATE) {
        Some(template) => fill(template, true, facts, LABEL_VALUE_CHARS),
        None => fill(template, false, facts, LABEL_VALUE_CHARS),
    }
}

fn fill(template: &str, dollars: bool, facts: &Facts<'_>, chars: usize) -> Resolved {
    let mut text = Bounded::new(chars);
    let complete = template::fill(template, dollars, facts, &mut text);
    Resolved { text: text.into_text(), complete }
}

/// Makes the title of an event from its rule. A title that is already there stays where the rule cannot be resolved
/// completely. Doing it again changes nothing.
pub fn retitle(event: &mut AlertEvent, origin: Origin<'_>) {
    let made = made(event, &event.labels, origin);
    if made.complete || event.title.is_empty() {
        event.title = made.text;
    }
}

/// Makes the title of an event anew after its labels changed; `before` are the labels it had. A title that the rule
/// made follows the labels, unless it was complete and no longer is; one that the sender gave gives way only to a
/// complete one.
pub fn retitle_after(event: &mut AlertEvent, before: &SortedMap<String, String>, origin: Origin<'_>) {
    let old = made(event, before, origin);
    if !old.complete && event.title == old.text {
        event.title.clear();
    }
    retitle(event, origin);
}

/// The title that an event's own rule makes with these labels. `.Title` has no value in it: it is what is being made.
/// A title is never blank: the rule itself is better than that.
fn made(event: &AlertEvent, labels: &SortedMap<String, String>, origin: Origin<'_>) -> Resolved {
    let facts = Facts { title: "", labels, ..Facts::of(event, origin) };
    let resolved = resolve(&event.title_rule, &facts);
    if resolved.text.trim().is_empty() {
        return Resolved { text: cut(&event.title_rule, TITLE_CHARS).to_owned(), complete: false };
    }
    resolved
}

#[cfg(test)]
mod tests;
