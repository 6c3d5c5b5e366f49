//! A filter: groups of conditions of which one must hold (Flashduty, "Filter Conditions"). Some clients send one flat
//! list of conditions instead, all of which must hold; that is a filter of one group.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::condition::{Condition, Conditions, all_hold};
use super::facts::Facts;

/// Groups of conditions: it holds if some group does, and a group if all of its conditions do.
///
/// A filter without groups asks nothing and holds for every alert, as do an absent filter and an empty list of
/// conditions: an empty array may be meant as either shape. So a rule that discards alerts is to be checked with
/// [`Filter::check_asks`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Filter(pub Vec<Conditions>);

impl Filter {
    /// Refuses a filter that cannot be followed. It compiles all values. The text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.0.iter().flatten().try_for_each(Condition::check)
    }

    /// Like [`Filter::check`], and refuses a filter that holds for every alert because it asks nothing.
    pub fn check_asks(&self) -> Result<(), String> {
        if self.0.is_empty() || self.0.iter().any(Vec::is_empty) {
            return Err("has no conditions or an empty group, so it would hold for every alert".into());
        }
        self.check()
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.0.is_empty() || self.0.iter().any(|group| all_hold(group, facts))
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut flat, mut groups) = (Conditions::new(), Vec::new());
        for part in Vec::<Part>::deserialize(deserializer)? {
            match part {
                Part::Condition(condition) => flat.push(condition),
                Part::Group(group) => groups.push(group),
            }
        }
        match (flat.is_empty(), groups.is_empty()) {
            (true, _) => Ok(Self(groups)),
            (false, true) => Ok(Self(vec![flat])),
            (false, false) => Err(D::Error::custom("a filter is a list of groups or a list of conditions, not both")),
        }
    }
}

/// What a filter may be a list of.
enum Part {
    Condition(Condition),
    Group(Conditions),
}

// By hand and not `untagged`, so that an error says what is wrong with the condition.
impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition or a list of conditions")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Part, A::Error> {
        Condition::deserialize(MapAccessDeserializer::new(map)).map(Part::Condition)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Part, A::Error> {
        Conditions::deserialize(SeqAccessDeserializer::new(seq)).map(Part::Group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};

    const TREE: &str = r#"[[{"key":"severity","oper":"NOTIN","vals":["Info"]},{"key":"labels.host","oper":"IN","vals":["cidr:10.2.0.0/16","web-*"]}],[{"key":"title","oper":"IN","vals":["/disk|inode/"]},{"key":"labels.used","oper":"IN","vals":["num:ge:95"]}]]"#;

    fn read(json: &str) -> Filter {
        serde_json::from_str(json).expect("a filter")
    }

    fn holds(filter: &Filter, status: Status, title: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let event = AlertEvent { status, title: title.into(), labels, ..AlertEvent::default() };
        filter.holds(&Facts::of(&event, Origin::default()))
    }

    #[test]
    fn one_group_must_hold_with_all_its_conditions() {
        let filter = read(TREE);
        assert_eq!(filter.check_asks(), Ok(()));
        assert!(holds(&filter, Status::Critical, "x", &[("host", "web-1")]));
        assert!(!holds(&filter, Status::Info, "x", &[("host", "web-1")]));
        assert!(holds(&filter, Status::Info, "no inodes", &[("used", "96"), ("host", "web-1")]));
        assert!(!holds(&filter, Status::Info, "no inodes", &[("used", "94")]));
        assert!(!holds(&filter, Status::Critical, "x", &[]));
    }

    #[test]
    fn a_flat_list_is_one_group_and_both_shapes_give_the_tree_back() {
        let flat = read(r#"[{"key":"title","oper":"IN","vals":["a"]},{"key":"status","oper":"IN","vals":["Ok"]}]"#);
        assert_eq!(flat.0.len(), 1);
        assert!(holds(&flat, Status::Ok, "a", &[]) && !holds(&flat, Status::Info, "a", &[]));
        assert_eq!(serde_json::to_string(&read(TREE)).expect("a filter"), TREE);
        assert_eq!(read(&serde_json::to_string(&flat).expect("a filter")), flat);
    }

    #[test]
    fn toml_reads_both_shapes_as_well() {
        #[derive(Deserialize)]
        struct Rule {
            r#if: Filter,
        }
        let text = |inner: &str| format!("if = [{inner}]");
        let condition = "{ key = 'title', oper = 'IN', vals = ['a*'] }";
        let flat: Rule = basic_toml::from_str(&text(condition)).expect("a flat list");
        let tree: Rule = basic_toml::from_str(&text(&format!("[{condition}]"))).expect("a tree");
        assert_eq!(flat.r#if, tree.r#if);
    }

    #[test]
    fn a_filter_that_asks_nothing_holds_always_and_must_not_discard() {
        for json in ["[]", "[[]]", r#"[[{"key":"title","oper":"IN","vals":["a"]}],[]]"#] {
            let filter = read(json);
            assert!(holds(&filter, Status::Ok, "", &[]), "{json}");
            assert!(filter.check().is_ok() && filter.check_asks().is_err(), "{json}");
        }
        assert_eq!(read("[]"), Filter::default());
    }

    #[test]
    fn a_bad_filter_is_refused_with_its_reason() {
        let condition = r#"{"key":"title","oper":"IN","vals":["/(/"]}"#;
        assert!(read(&format!("[[{condition}]]")).check().is_err_and(|problem| problem.contains("'/(/'")));
        for (json, part) in [
            (format!("[{condition},[{condition}]]"), "not both"),
            (r#"[[{"key":"title","oper":"EQ","vals":[]}]]"#.into(), "EQ"),
            (r#"[{"key":"title","oper":"IN","vals":[],"extra":1}]"#.into(), "extra"),
            ("[[5]]".into(), "struct Condition"),
            ("[\"title\"]".into(), "a condition or a list of conditions"),
            ("{}".into(), "sequence"),
        ] {
            let problem = serde_json::from_str::<Filter>(&json).expect_err("not a filter").to_string();
            assert!(problem.contains(part), "{json}: {problem}");
        }
    }
}
