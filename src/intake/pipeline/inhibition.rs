//! Inhibition at an integration: alerts that say nothing new while a graver one is active (Flashduty, "Alert Pipeline",
//! alert inhibition).
//!
//! Whoever takes alerts in does not know which are active. So an alert is given marks here, and whoever keeps the
//! alerts compares them: an alert with a target mark is discarded while another one that carries the same mark as a source is
//! active. Marks of two integrations or two rules never mean the same.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::filter::{Facts, Filter, is_known, value};
use crate::intake::derived::Derived;

/// The settings of `alert_inhibit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inhibition {
    /// What source and target must have in common, by the keys of conditions (`severity`, `labels.host`). None: any
    /// source inhibits any target.
    pub(super) equals: Vec<String>,
    /// Which alerts inhibit others.
    source_filters: Filter,
    /// What the rule is known by, whatever its place.
    #[serde(skip)]
    identity: Derived<[u8; 32]>,
}

impl Inhibition {
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(key) = self.equals.iter().find(|key| !is_known(key)) {
            return Err(format!("equals: the key '{key}' is not known"));
        }
        // A source that is anything at all would silence the whole integration.
        self.source_filters.check_asks().map_err(|problem| format!("source_filters: {problem}"))
    }

    /// Whether an alert inhibits others.
    pub(super) fn is_source(&self, facts: &Facts<'_>) -> bool {
        self.source_filters.holds(facts)
    }

    /// The mark of an alert, the same for a source and a target that have everything in `equals` in common.
    /// `conditions` are those of the rule.
    ///
    /// What an alert lacks counts as empty, and two empty values are equal. But an alert that lacks all of it has no
    /// mark: it has nothing in common with any other, and to discard an alert wrongly is worse than to keep it.
    pub(super) fn mark(&self, conditions: &Filter, facts: &Facts<'_>) -> Option<u64> {
        let rule = self.identity.get(|| self.identity(conditions));
        mark_of_equals(&[&facts.origin.id.to_be_bytes(), rule], &self.equals, facts)
    }

    /// A hash of all that the rule says. Its place does not enter, so the marks of alerts that are kept stay good when
    /// other rules come and go.
    fn identity(&self, conditions: &Filter) -> [u8; 32] {
        // Texts and lists of texts: nothing in them that JSON could not hold.
        let said = serde_json::to_vec(&(&self.equals, &self.source_filters, conditions)).unwrap_or_default();
        Sha256::digest(said).into()
    }
}

/// The mark of an alert by what a rule is known by and the values of its keys; none where all of these are empty.
pub fn mark_of_equals(rule: &[&[u8]], equals: &[String], facts: &Facts<'_>) -> Option<u64> {
    let mut hash = Sha256::new();
    rule.iter().for_each(|part| hash.update(part));
    let mut common = equals.is_empty();
    for key in equals {
        let value = value(key, facts).unwrap_or_default();
        common |= !value.is_empty();
        // With its length before it, no two lists of values give the same bytes.
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value.as_bytes());
    }
    let digest = hash.finalize();
    let first = digest.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte));
    common.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::AlertEvent;

    fn rule(equals: &[&str]) -> Inhibition {
        let filters = r#"[{"key":"severity","oper":"IN","vals":["Critical"]}]"#;
        Inhibition {
            equals: equals.iter().map(|key| (*key).to_owned()).collect(),
            source_filters: serde_json::from_str(filters).expect("a filter"),
            ..Inhibition::default()
        }
    }

    fn mark_of(rule: &Inhibition, id: i64, labels: &[(&str, &str)]) -> Option<u64> {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let event = AlertEvent { labels, ..AlertEvent::default() };
        rule.mark(&Filter::default(), &Facts::of(&event, Origin { id, ..Origin::default() }))
    }

    #[test]
    fn alerts_with_equal_values_have_one_mark() {
        let rule = rule(&["labels.a", "labels.b"]);
        let mark = mark_of(&rule, 1, &[("a", "x"), ("b", "y"), ("c", "1")]);
        assert!(mark.is_some());
        assert_eq!(mark, mark_of(&rule, 1, &[("a", "x"), ("b", "y"), ("c", "2")]));
        for other in [[("a", "xy"), ("b", "")], [("a", "y"), ("b", "x")], [("a", "x"), ("b", "Y")]] {
            assert_ne!(mark, mark_of(&rule, 1, &other));
        }
        assert_ne!(mark, mark_of(&rule, 2, &[("a", "x"), ("b", "y")]));
    }

    #[test]
    fn what_is_missing_counts_as_empty_but_not_where_all_is_missing() {
        let rule = rule(&["labels.a", "labels.b"]);
        assert_eq!(mark_of(&rule, 1, &[("a", "x")]), mark_of(&rule, 1, &[("a", "x"), ("b", "")]));
        assert_eq!(mark_of(&rule, 1, &[]), None);
        assert_eq!(mark_of(&rule, 1, &[("a", ""), ("c", "x")]), None);
    }

    #[test]
    fn without_keys_every_alert_has_the_same_mark() {
        let rule = rule(&[]);
        assert_eq!(mark_of(&rule, 1, &[("a", "x")]), mark_of(&rule, 1, &[]));
        assert!(mark_of(&rule, 1, &[]).is_some());
    }

    #[test]
    fn two_rules_that_say_different_things_have_different_marks() {
        let event = AlertEvent { labels: [("a".to_owned(), "x".to_owned())].into(), ..AlertEvent::default() };
        let facts = Facts::of(&event, Origin::default());
        let (mine, mut other) = (rule(&["labels.a"]), rule(&["labels.a"]));
        let conditions = Filter::default();
        assert_eq!(mine.mark(&conditions, &facts), other.mark(&conditions, &facts));
        other = Inhibition { source_filters: Filter::default(), ..rule(&["labels.a"]) };
        assert_ne!(mine.mark(&conditions, &facts), other.mark(&conditions, &facts));
        let conditions = rule(&[]).source_filters;
        assert_ne!(mine.mark(&Filter::default(), &facts), rule(&["labels.a"]).mark(&conditions, &facts));
    }

    #[test]
    fn a_mark_never_changes_from_one_version_to_the_next() {
        // It is kept with alerts, so another way of computing it would break what is stored.
        assert_eq!(mark_of(&rule(&["labels.a"]), 9001, &[("a", "x")]), Some(451_286_085_012_311_893));
    }

    #[test]
    fn unknown_keys_and_a_source_that_is_anything_are_refused() {
        assert_eq!(rule(&["severity", "labels.a"]).check(), Ok(()));
        assert!(rule(&["colour"]).check().is_err_and(|problem| problem.starts_with("equals: ")));
        let anything = Inhibition { source_filters: Filter::default(), ..rule(&[]) };
        assert!(anything.check().is_err_and(|problem| problem.starts_with("source_filters: ")));
    }
}
