//! One condition on one field (Flashduty, "Filter Conditions"), and lists of conditions that must all hold.

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::field;
use super::pattern::Pattern;
use crate::intake::fields::cut;

/// How much of a bad key or value an error repeats, in characters.
const REPEATED_CHARS: usize = 80;

/// A condition on one field of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What is asked; see [`value`](super::value) for the keys.
    pub key: String,
    /// Whether one of the values must match, or none.
    pub oper: Oper,
    /// The values, at least one.
    pub vals: Vec<Pattern>,
}

/// The operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Oper {
    /// Some value matches; false where the field is absent.
    #[serde(rename = "IN")]
    In,
    /// No value matches; true where the field is absent.
    #[serde(rename = "NOTIN")]
    NotIn,
}

/// Conditions of which all must hold; none: they hold.
pub type Conditions = Vec<Condition>;

/// Whether all conditions hold.
pub fn all_hold(conditions: &[Condition], facts: &Facts<'_>) -> bool {
    conditions.iter().all(|condition| condition.holds(facts))
}

impl Condition {
    /// Refuses a condition that cannot be followed: an unknown key, no values, or a bad one. It compiles the values,
    /// so that what passes here never fails later. The text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let key = cut(&self.key, REPEATED_CHARS);
        if !field::is_known(&self.key) {
            return Err(format!("the key '{key}' is not known"));
        }
        if self.vals.is_empty() {
            return Err(format!("the key '{key}' has no values"));
        }
        self.vals.iter().try_for_each(|pattern| {
            let text = cut(pattern.as_str(), REPEATED_CHARS);
            pattern.check().map_err(|problem| format!("the value '{text}' of '{key}': {problem}"))
        })
    }

    /// Whether it holds. `NOTIN` is the exact opposite of `IN`; an absent field, an unknown key and a bad value match
    /// nothing.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let value = field::value(&self.key, facts);
        let found = value.is_some_and(|value| self.vals.iter().any(|pattern| pattern.matches(&value)));
        found == (self.oper == Oper::In)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};
    use proptest::prelude::*;

    fn condition(key: &str, oper: Oper, vals: &[&str]) -> Condition {
        Condition { key: key.into(), oper, vals: vals.iter().map(|text| Pattern::from(*text)).collect() }
    }

    fn event(status: Status) -> AlertEvent {
        let labels = [("host", "10.2.3.4"), ("used", "97.2"), ("team", "")];
        AlertEvent {
            status,
            title: "disk /var full".into(),
            labels: labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..AlertEvent::default()
        }
    }

    fn holds(status: Status, key: &str, oper: Oper, vals: &[&str]) -> bool {
        condition(key, oper, vals).holds(&Facts::of(&event(status), Origin::default()))
    }

    #[test]
    fn in_needs_one_value_that_matches_and_notin_needs_none() {
        for (key, vals, expected) in [
            ("severity", ["Critical", "Warning"], true),
            ("severity", ["Info", "warning"], false),
            ("labels.host", ["cidr:10.2.0.0/16", "web-*"], true),
            ("labels.host", ["cidr:10.3.0.0/16", "web-*"], false),
            ("title", ["/disk|inode/", "x"], true),
            ("labels.used", ["num:ge:95", "x"], true),
            ("labels.used", ["num:lt:95", "x"], false),
        ] {
            assert_eq!(holds(Status::Warning, key, Oper::In, &vals), expected, "{key} IN {vals:?}");
            assert_eq!(holds(Status::Warning, key, Oper::NotIn, &vals), !expected, "{key} NOTIN {vals:?}");
        }
    }

    #[test]
    fn an_absent_field_is_in_nothing() {
        for key in ["labels.none", "description", "service", "nonsense"] {
            assert!(!holds(Status::Info, key, Oper::In, &["*", "/^/", ""]), "{key}");
            assert!(holds(Status::Info, key, Oper::NotIn, &["*"]), "{key}");
        }
    }

    #[test]
    fn an_asterisk_asks_whether_the_key_exists() {
        for key in ["labels.host", "labels.team", "title", "status"] {
            assert!(holds(Status::Ok, key, Oper::In, &["*"]), "{key}");
            assert!(!holds(Status::Ok, key, Oper::NotIn, &["*"]), "{key}");
        }
    }

    #[test]
    fn a_recovery_is_in_no_severity() {
        assert!(!holds(Status::Ok, "severity", Oper::In, &["Critical", "Warning", "Info", "Ok", "*"]));
        assert!(holds(Status::Ok, "severity", Oper::NotIn, &["Info"]));
        assert!(holds(Status::Ok, "event_status", Oper::In, &["Ok"]));
    }

    #[test]
    fn a_condition_that_cannot_be_followed_is_refused_and_named() {
        for (condition, part) in [
            (condition("host", Oper::In, &["a"]), "'host'"),
            (condition("labels.", Oper::In, &["a"]), "'labels.'"),
            (condition("title", Oper::NotIn, &[]), "no values"),
            (condition("title", Oper::In, &["a", "/(/"]), "'/(/' of 'title'"),
            (condition("labels.ip", Oper::In, &["cidr:nope"]), "cidr:nope"),
            (condition("labels.n", Oper::In, &["num:eq:1"]), "num:eq:1"),
        ] {
            assert!(condition.check().is_err_and(|problem| problem.contains(part)), "{condition:?}");
        }
        assert_eq!(condition("labels.a.b", Oper::In, &["", "/x/", "web-*"]).check(), Ok(()));
    }

    #[test]
    fn json_and_toml_hold_three_fields_and_give_them_back() {
        let json = r#"{"key":"title","oper":"NOTIN","vals":["/a+/","b*"]}"#;
        let read: Condition = serde_json::from_str(json).expect("a condition");
        assert_eq!(read.check(), Ok(()));
        assert_eq!(serde_json::to_string(&read).expect("a condition"), json);
        let toml: Condition =
            basic_toml::from_str("key = 'title'\noper = 'NOTIN'\nvals = ['/a+/', 'b*']").expect("a condition");
        assert_eq!(toml, read);
        for bad in [
            r#"{"key":"title","oper":"EQ","vals":["a"]}"#,
            r#"{"key":"title","oper":"IN","vals":["a"],"x":1}"#,
            r#"{"key":"title","oper":"IN"}"#,
            r#"{"key":"title","oper":"IN","vals":[1]}"#,
        ] {
            assert!(serde_json::from_str::<Condition>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_conditions_must_hold_and_none_asks_nothing() {
        let event = event(Status::Warning);
        let facts = Facts::of(&event, Origin::default());
        let (yes, no) = (condition("severity", Oper::In, &["Warning"]), condition("severity", Oper::In, &["Info"]));
        assert!(all_hold(&[], &facts) && all_hold(&[yes.clone(), yes.clone()], &facts));
        assert!(!all_hold(&[yes, no], &facts));
    }

    proptest! {
        #[test]
        fn notin_is_the_opposite_of_in(
            key in "title|severity|description|labels\\.(host|none)|\\PC{0,8}",
            vals in proptest::collection::vec("[/*?a-e0-9.:]{0,6}|cidr:10\\.[0-9]\\.0\\.0/[0-9]{1,2}|num:g[te]:[0-9]{1,2}|/\\PC{0,9}/", 0..4),
            title in "[/*?a-e0-9.:]{0,6}",
        ) {
            let event = AlertEvent { title, ..event(Status::Critical) };
            let facts = Facts::of(&event, Origin::default());
            let vals: Vec<&str> = vals.iter().map(String::as_str).collect();
            let one = condition(&key, Oper::In, &vals);
            prop_assert_ne!(one.holds(&facts), condition(&key, Oper::NotIn, &vals).holds(&facts));
        }
    }
}
