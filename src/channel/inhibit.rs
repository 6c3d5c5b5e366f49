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
    /// Its name, if it has one.
    pub rule_name: Option<String>,
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
        check_texts(self.rule_name.as_deref(), &self.description)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};
    use serde_json::json;

    fn rule(rule_id: &str) -> Inhibit {
        let rule = json!({"rule_id": rule_id, "equals": ["labels.host"],
            "target_filters": [[{"key": "severity", "oper": "IN", "vals": ["Warning", "Critical"]}]],
            "source_filters": [[{"key": "alert_severity", "oper": "IN", "vals": ["Critical"]}]]});
        let rule: Inhibit = serde_json::from_value(rule).expect("a rule");
        assert_eq!(rule.check(), Ok(()));
        rule
    }

    fn marked(rule: &Inhibit, channel_id: i64, status: Status, host: &str) -> Ruling {
        let labels = [("host".to_owned(), host.to_owned())].into();
        let event = AlertEvent { status, labels, ..AlertEvent::default() };
        let mut ruling = Ruling::default();
        rule.mark(channel_id, &Facts::of(&event, Origin::default()), &mut ruling);
        ruling
    }

    #[test]
    fn a_target_has_the_mark_of_a_source_that_is_equal() {
        let rule = rule("r");
        let source = marked(&rule, 7, Status::Critical, "a");
        assert_eq!((source.sources.len(), source.sources == source.muted_by), (1, true), "it is both");
        let target = marked(&rule, 7, Status::Warning, "a");
        assert_eq!((&target.muted_by, target.sources.len(), target.discarded_by.len()), (&source.sources, 0, 0));
        let discards = Inhibit { is_directly_discard: true, ..rule.clone() };
        let discarded = marked(&discards, 7, Status::Warning, "a");
        assert_eq!((discarded.discarded_by, discarded.muted_by.len()), (source.sources, 0));
        assert_eq!(marked(&rule, 7, Status::Info, "a"), Ruling::default());
    }

    #[test]
    fn another_value_rule_or_channel_is_another_mark_and_nothing_in_common_is_none() {
        let mark = |id: &str, channel_id, host| marked(&rule(id), channel_id, Status::Warning, host).muted_by;
        let marks = [mark("r", 7, "a"), mark("r", 7, "b"), mark("q", 7, "a"), mark("r", 8, "a")];
        for (nth, mark) in marks.iter().enumerate() {
            assert!(mark.len() == 1 && !marks[..nth].contains(mark), "{nth}");
        }
        assert!(mark("r", 7, "").is_empty());
    }

    #[test]
    fn a_disabled_rule_marks_nothing() {
        let disabled = Inhibit { status: RuleStatus::Disabled, ..rule("r") };
        assert_eq!(marked(&disabled, 7, Status::Critical, "a"), Ruling::default());
    }

    #[test]
    fn what_cannot_be_followed_is_refused_by_its_field() {
        let begins = |rule: Inhibit, field: &str| assert!(rule.check().is_err_and(|said| said.starts_with(field)));
        begins(Inhibit { equals: Vec::new(), ..rule("r") }, "equals: ");
        begins(Inhibit { equals: vec!["colour".into()], ..rule("r") }, "equals: ");
        begins(Inhibit { target_filters: Filter::default(), ..rule("r") }, "target_filters: ");
        begins(Inhibit { source_filters: Filter::default(), ..rule("r") }, "source_filters: ");
        begins(Inhibit { rule_name: Some("x".repeat(40)), ..rule("r") }, "rule_name: ");
        begins(Inhibit { description: "x".repeat(501), ..rule("r") }, "description: ");
    }
}
