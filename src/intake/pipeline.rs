//! The alert pipeline: rules of an integration that reword, regrade, discard or inhibit alerts before they are routed
//! (Flashduty, "Alert Pipeline"). They apply in their order, each sees what the one before it did, and recoveries pass
//! untouched.

mod inhibition;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::inhibition::{Inhibition, mark_of_equals};
use super::event::{AlertEvent, Severity, Status};
use super::fields::{DESCRIPTION_CHARS, TITLE_CHARS, cut};
use super::rule;
use super::step::{Account, Shown, Step};
use crate::filter::{Facts, Filter, Origin};
use crate::title::expand;

/// The most rules of an integration.
const RULES: usize = 50;

/// The pipeline of an integration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The rules, first to last; at most 50.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One rule.
pub type Rule = rule::Rule<Filter, Action>;

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Gives another title.
    TitleReset(TitleReset),
    /// Gives another description.
    DescriptionReset(DescriptionReset),
    /// Gives another severity.
    SeverityReset(SeverityReset),
    /// Discards the alert.
    AlertDrop(Nothing),
    /// Discards the alert while another is active.
    AlertInhibit(Inhibition),
}

/// The settings of `title_reset`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitleReset {
    /// The title; a template after `[TPL]`. The result is cut to 512 characters.
    pub title: String,
}

/// The settings of `description_reset`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescriptionReset {
    /// The description; a template after `[TPL]`. The result is cut to 2048 characters, and may be empty.
    pub description: String,
}

/// The settings of `severity_reset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityReset {
    /// The severity.
    pub severity: Severity,
}

/// No settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What became of an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether a rule discarded it.
    pub dropped: bool,
    /// The marks by which it is inhibited: it is discarded while another alert is active that has one of them as a
    /// source. An alert may be both; it never inhibits itself, and whoever compares must see to that.
    pub targets: Vec<u64>,
    /// Which rule gave each of them, from 1.
    pub target_rules: Vec<usize>,
    /// The marks by which it inhibits others.
    pub sources: Vec<u64>,
}

impl Pipeline {
    /// Refuses rules that cannot be followed; better than following them wrongly. The text names the rule, from 1, and
    /// the field.
    pub fn check(&self) -> Result<(), String> {
        if self.rules.len() > RULES {
            return Err(format!("rules: must be at most {RULES}"));
        }
        for (nth, rule) in (1..).zip(&self.rules) {
            let conditions = match rule.action {
                // A forgotten condition would lose every alert of the integration without a trace.
                Action::AlertDrop(_) => rule.conditions.check_asks(),
                _ => rule.conditions.check(),
            };
            conditions.map_err(|problem| format!("rule {nth}: if: {problem}"))?;
            rule.action.check().map_err(|problem| format!("rule {nth}: settings.{problem}"))?;
        }
        Ok(())
    }

    /// Applies the rules to an event; a recovery passes untouched and unmarked. With `steps`, tells what every rule did
    /// that was looked at.
    ///
    /// An alert is a target as it is when it comes to the rule, because that rule would discard it there. It is a
    /// source as it is in the end, because that is how it is known while it is active. A dropped alert is neither.
    pub fn apply(&self, event: &mut AlertEvent, origin: Origin<'_>, mut steps: Option<&mut Vec<Step>>) -> Outcome {
        let mut outcome = Outcome::default();
        if event.status == Status::Ok {
            return outcome;
        }
        let first = steps.as_ref().map_or(0, |steps| steps.len());
        for (nth, rule) in (1..).zip(&self.rules) {
            let mut account = Account::new(steps.is_some());
            let facts = Facts::of(event, origin);
            let matched = rule.conditions.holds(&facts);
            let mut dropped = false;
            match &rule.action {
                _ if !matched => account.say(|| "its conditions do not hold".to_owned()),
                Action::TitleReset(reset) => reset.apply(event, origin, &mut account),
                Action::DescriptionReset(reset) => reset.apply(event, origin, &mut account),
                Action::SeverityReset(reset) => reset.apply(event, &mut account),
                Action::AlertDrop(_) => {
                    account.say(|| "dropped".to_owned());
                    dropped = true;
                }
                Action::AlertInhibit(inhibition) => match inhibition.mark(&rule.conditions, &facts) {
                    Some(mark) => {
                        account.say(|| "discarded while an alert is active that inhibits it".to_owned());
                        if add(&mut outcome.targets, mark) {
                            outcome.target_rules.push(nth);
                        }
                    }
                    None => account.say(|| format!("the alert has none of {}", inhibition.equals.join(", "))),
                },
            }
            account.close(nth, rule.action.kind(), matched, steps.as_deref_mut());
            if dropped {
                return Outcome { dropped, ..Outcome::default() };
            }
        }
        outcome.sources = self.sources(&Facts::of(event, origin), steps.and_then(|steps| steps.get_mut(first..)));
        outcome
    }

    /// The marks by which an alert inhibits others. Adds to the `steps` of this alert, one for each rule.
    fn sources(&self, facts: &Facts<'_>, mut steps: Option<&mut [Step]>) -> Vec<u64> {
        let mut marks = Vec::new();
        for (nth, rule) in self.rules.iter().enumerate() {
            let Action::AlertInhibit(inhibition) = &rule.action else { continue };
            let source = inhibition.is_source(facts).then(|| inhibition.mark(&rule.conditions, facts)).flatten();
            let Some(mark) = source else { continue };
            add(&mut marks, mark);
            if let Some(step) = steps.as_mut().and_then(|steps| steps.get_mut(nth)) {
                step.effect.push_str("; while active it inhibits others");
            }
        }
        marks
    }
}

/// Two equal rules give one mark. Returns whether it is new.
fn add(marks: &mut Vec<u64>, mark: u64) -> bool {
    let is_new = !marks.contains(&mark);
    if is_new {
        marks.push(mark);
    }
    is_new
}

impl Action {
    /// The name of its kind in the configuration.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TitleReset(_) => "title_reset",
            Self::DescriptionReset(_) => "description_reset",
            Self::SeverityReset(_) => "severity_reset",
            Self::AlertDrop(_) => "alert_drop",
            Self::AlertInhibit(_) => "alert_inhibit",
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::TitleReset(reset) if reset.title.trim().is_empty() => Err("title: must not be empty".to_owned()),
            Self::AlertInhibit(inhibition) => inhibition.check(),
            _ => Ok(()),
        }
    }
}

impl TitleReset {
    /// A title is never blank: then the old one stays.
    fn apply(&self, event: &mut AlertEvent, origin: Origin<'_>, account: &mut Account) {
        let expanded = expand(&self.title, &Facts::of(event, origin));
        let title = cut(&expanded, TITLE_CHARS);
        if title.trim().is_empty() {
            return account.say(|| "the title stays: the new one would be empty".to_owned());
        }
        account.say(|| format!("title {} -> {}", Shown(&event.title), Shown(title)));
        title.clone_into(&mut event.title);
    }
}

impl DescriptionReset {
    fn apply(&self, event: &mut AlertEvent, origin: Origin<'_>, account: &mut Account) {
        let expanded = expand(&self.description, &Facts::of(event, origin));
        let description = cut(&expanded, DESCRIPTION_CHARS);
        account.say(|| format!("description {} -> {}", Shown(&event.description), Shown(description)));
        description.clone_into(&mut event.description);
    }
}

impl SeverityReset {
    fn apply(&self, event: &mut AlertEvent, account: &mut Account) {
        account.say(|| format!("severity {} -> {}", event.status.name(), self.severity.name()));
        event.status = self.severity.into();
    }
}
