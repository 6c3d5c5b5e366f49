//! Label enrichment: labels that are added, replaced and removed before anything else looks at an alert (Flashduty,
//! "Label Enhancement"). The rules apply in their order, to alerts and recoveries alike, and each sees what the one
//! before it did.

mod composition;
mod expression;
mod extraction;
mod label;
mod lookup;
mod path;
mod table;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::composition::Composition;
pub use self::expression::Expression;
pub use self::extraction::Extraction;
pub use self::lookup::{Lookup, MappingType};
pub use self::path::Path;
pub use self::table::{MappingTable, Row};
use super::event::AlertEvent;
use super::rule;
use super::step::{Account, Step};
use crate::filter::{Condition, Conditions, Facts, Origin, all_hold};

/// The most rules of an integration.
const RULES: usize = 100;

/// The enrichment of an integration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrichment {
    /// The rules, first to last.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One rule. Its conditions are one list, of which all must hold.
pub type Rule = rule::Rule<Conditions, Action>;

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Takes a label out of a text.
    Extraction(Extraction),
    /// Puts a label together.
    Composition(Composition),
    /// Looks labels up.
    Mapping(Lookup),
    /// Removes labels.
    Drop(Removal),
}

/// The settings of `drop`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// The labels that are removed.
    pub drop_labels: Vec<String>,
}

impl Enrichment {
    /// Refuses rules that cannot be followed; better than following them wrongly. The text names the rule, from 1, and
    /// the field. The tables themselves are checked by [`MappingTable::check`].
    pub fn check(&self, tables: &[MappingTable]) -> Result<(), String> {
        if self.rules.len() > RULES {
            return Err(format!("rules: must be at most {RULES}"));
        }
        for (nth, rule) in (1..).zip(&self.rules) {
            let conditions = rule.conditions.iter().try_for_each(Condition::check);
            conditions.map_err(|problem| format!("rule {nth}: if: {problem}"))?;
            rule.action.check(tables).map_err(|problem| format!("rule {nth}: settings.{problem}"))?;
        }
        Ok(())
    }

    /// Applies the rules to an event. With `steps`, tells what every rule did.
    pub fn apply(
        &self,
        event: &mut AlertEvent,
        origin: Origin<'_>,
        tables: &[MappingTable],
        mut steps: Option<&mut Vec<Step>>,
    ) {
        for (nth, rule) in (1..).zip(&self.rules) {
            let mut account = Account::new(steps.is_some());
            let matched = all_hold(&rule.conditions, &Facts::of(event, origin));
            match &rule.action {
                _ if !matched => account.say(|| "its conditions do not hold".to_owned()),
                Action::Extraction(extraction) => extraction.apply(event, origin, &mut account),
                Action::Composition(composition) => composition.apply(event, origin, &mut account),
                Action::Mapping(lookup) => lookup.apply(event, tables, &mut account),
                Action::Drop(removal) => removal.apply(event, &mut account),
            }
            account.close(nth, rule.action.kind(), matched, steps.as_deref_mut());
        }
    }
}

impl Action {
    /// The name of its kind in the configuration.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Extraction(_) => "extraction",
            Self::Composition(_) => "composition",
            Self::Mapping(_) => "mapping",
            Self::Drop(_) => "drop",
        }
    }

    fn check(&self, tables: &[MappingTable]) -> Result<(), String> {
        match self {
            Self::Extraction(extraction) => extraction.check(),
            Self::Composition(composition) => composition.check(),
            Self::Mapping(lookup) => lookup.check(tables),
            Self::Drop(removal) => label::check_names("drop_labels", &removal.drop_labels),
        }
    }
}

impl Removal {
    fn apply(&self, event: &mut AlertEvent, account: &mut Account) {
        for name in &self.drop_labels {
            match event.labels.remove(name) {
                Some(_) => account.say(|| format!("label {name} is removed")),
                None => account.say(|| format!("there is no label {name}")),
            }
        }
    }
}
