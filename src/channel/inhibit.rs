//! Inhibition in a channel: alerts that say nothing new while a graver one with equal values is active.
//!
//! As in the pipeline of an integration, intake only marks alerts; the board knows which are active.

use serde::Deserialize;

use super::drop::{RuleStatus, check_texts};
use crate::filter::{Facts, Filter, is_known};
use crate::intake::mark_of_equals;
use crate::journal::Ruling;

/// A rule of inhibition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inhibit {
    /// What it is known by.
    pub rule_id: String,
    /// Its name.
    pub rule_name: String,
    /// What it is for.
    pub description: String,
    /// Display only: one rule that inhibits is enough.
    pub priority: i64,
    /// Whether it is followed.
    pub status: RuleStatus,
    /// Which alerts become quiet.
    pub target_filters: Filter,
    /// Which alerts quieten others while they are active.
    pub source_filters: Filter,
    /// What both must have in common, by the keys of conditions; at least one.
    pub equals: Vec<String>,
    /// Whether what becomes quiet is discarded, instead of kept and marked.
    pub is_directly_discard: bool,
}

impl Inhibit {
    /// Refuses a rule that cannot be followed.
    pub fn check(&self) -> Result<(), String> {
        check_texts(&self.rule_name, &self.description)?;
        if self.equals.is_empty() {
            return Err("equals: must name at least one key".to_owned());
        }
        if let Some(key) = self.equals.iter().find(|key| !is_known(key)) {
            return Err(format!("equals: the key '{key}' is not known"));
        }
        self.target_filters.check_asks().map_err(|problem| format!("target_filters: {problem}"))?;
        self.source_filters.check_asks().map_err(|problem| format!("source_filters: {problem}"))
    }

    /// Marks an alert as what it is by this rule. The rule is known by its id, so what is changed in it does not part
    /// sources from targets that came before.
    pub fn mark(&self, channel_id: i64, facts: &Facts<'_>, ruling: &mut Ruling) {
        if self.status == RuleStatus::Disabled {
            return;
        }
        let mark = || mark_of_equals(&[&channel_id.to_be_bytes(), self.rule_id.as_bytes()], &self.equals, facts);
        if self.target_filters.holds(facts) {
            let marks = if self.is_directly_discard { &mut ruling.discarded_by } else { &mut ruling.muted_by };
            marks.extend(mark());
        }
        if self.source_filters.holds(facts) {
            ruling.sources.extend(mark());
        }
    }
}
