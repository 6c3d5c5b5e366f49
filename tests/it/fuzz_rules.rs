//! Hostile conditions and title rules: no panic, nothing beyond its limit, and time that grows no faster than the input.
//! How many cases each property gets, see `fuzz`.

use alarum::filter::{Condition, Facts, Filter, Oper, Origin};
use alarum::intake::{AlertEvent, Status};
use alarum::title;
use proptest::prelude::*;
use serde_json::json;

use super::fuzz::{assert_linear, runner};
use crate::support::hostile;

fn event() -> impl Strategy<Value = AlertEvent> {
    let status = prop::sample::select(vec![Status::Ok, Status::Info, Status::Warning, Status::Critical]);
    let labels = prop::collection::btree_map(hostile::name(), hostile::text(), 0..6);
    (status, hostile::text(), hostile::text(), hostile::text(), labels).prop_map(
        |(status, title, title_rule, description, labels)| AlertEvent {
            status,
            title,
            title_rule,
            description,
            labels: labels.into_iter().collect(),
            ..AlertEvent::default()
        },
    )
}

const ORIGIN: Origin<'_> = Origin { id: 9001, name: "storage alerts", kind: "standard" };

#[test]
fn no_condition_breaks_a_filter() {
    let pattern = prop_oneof![
        3 => hostile::text(),
        3 => "/[\\[\\]a-c(){}|*+?^$.\\\\dwsbQEpx0-9,:&<>i-]{0,24}/",
        1 => "cidr:[0-9a-f.:]{0,20}(/[0-9]{0,4})?",
        1 => "num:(lt|le|gt|ge|eq):[-+0-9.e]{0,12}",
        1 => "[*?a-z]{0,40}",
    ];
    let key = prop_oneof![3 => "title|severity|status|description|integration_id|alert_key", 3 => "labels\\.[a-z_]{0,8}", 1 => hostile::text()];
    let condition = (key, "IN|NOTIN", prop::collection::vec(pattern, 0..5))
        .prop_map(|(key, oper, vals)| json!({"key": key, "oper": oper, "vals": vals}));
    let input = (condition, prop::collection::vec(hostile::harm(), 0..2), event());
    let result = runner().run(&input, |(condition, harms, event)| {
        let facts = Facts::of(&event, ORIGIN);
        let bytes = condition.to_string().into_bytes();
        let bytes = harms.iter().fold(bytes, |bytes, (changes, damages)| {
            hostile::harmed(serde_json::from_slice(&bytes).unwrap_or_default(), changes, damages)
        });
        if let Ok(condition) = serde_json::from_slice::<Condition>(&bytes) {
            let opposite = match condition.oper {
                Oper::In => Oper::NotIn,
                Oper::NotIn => Oper::In,
            };
            let holds = condition.holds(&facts);
            let checked = condition.check();
            prop_assert_ne!(holds, Condition { oper: opposite, ..condition.clone() }.holds(&facts));
            // Checking compiles; it must not change what it means.
            prop_assert_eq!(holds, condition.holds(&facts), "{:?}", checked);
        }
        let list = [b"[", bytes.as_slice(), b"]"].concat();
        if let Ok(filter) = serde_json::from_slice::<Filter>(&list) {
            let _ = (filter.check(), filter.check_asks());
            filter.holds(&facts);
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn no_rule_breaks_a_title() {
    let part = prop_oneof![
        hostile::text(),
        "\\$\\{[a-z]{0,5}\\}?",
        "\\{\\{-? ?(\\.Labels\\.[a-z]{0,5}|\\.Title|\\.EventSeverity|index \\.Labels [\"`]a[\"`]|.{0,6}) ?-?\\}{0,2}",
        "(::)?\\$[a-z]{0,5}",
    ];
    let rule = (any::<bool>(), prop::collection::vec(part, 0..6))
        .prop_map(|(marked, parts)| [if marked { "[TPL]" } else { "" }, &parts.concat()].concat());
    let result = runner().run(&(rule, event()), |(rule, mut event)| {
        let facts = Facts::of(&event, ORIGIN);
        prop_assert!(title::resolve(&rule, &facts).text.chars().count() <= 512);
        prop_assert!(title::expand(&rule, &facts).chars().count() <= 2048);
        prop_assert!(title::compose(&rule, &facts).text.chars().count() <= 2048);
        event.title_rule = rule;
        title::retitle(&mut event, ORIGIN);
        let once = event.title.clone();
        title::retitle(&mut event, ORIGIN);
        prop_assert_eq!(once, event.title);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_rule_of_a_mebibyte_takes_no_more_than_its_length() {
    let event = AlertEvent { labels: [("a".into(), "x".into())].into(), ..AlertEvent::default() };
    let facts = Facts::of(&event, ORIGIN);
    let units = [
        "${",
        "${a",
        "${a}",
        "$a::",
        "$b::",
        "::",
        "{",
        "{{",
        "{{.Labels.",
        "{{.Labels.a}}",
        "{{ ",
        "{{-",
        "{{- .Title -}} ",
        "{{a}} ",
        "{{index .Labels \"",
        "{{index .Labels `",
        "{{index .Labels \"\\",
        "}}",
        " ",
        "é",
    ];
    for unit in units {
        for end in ["", "\"}}"] {
            for mark in ["[TPL]", ""] {
                assert_linear(unit, |size| {
                    let rule = [mark, &unit.repeat(size / unit.len()), end].concat();
                    title::resolve(&rule, &facts);
                    title::compose(&rule, &facts);
                });
            }
        }
    }
}

#[test]
fn a_value_of_a_mebibyte_takes_a_pattern_no_more_than_its_length() {
    let patterns = [
        "/(x+x+)+y/",
        "/(a|aa)*b/",
        "/x*x*x*x*z/",
        "/^(.*)*$/",
        "*x*x*x*y",
        "*?*?*?*y",
        "*a*b*",
        "/a|b|c/",
        "x",
        "cidr:10.0.0.0/8",
        "num:ge:1",
    ];
    for pattern in patterns {
        let condition: Condition =
            serde_json::from_value(json!({"key": "labels.a", "oper": "IN", "vals": [pattern]})).expect("a condition");
        assert_eq!(condition.check(), Ok(()), "{pattern}");
        for unit in ["x", "a", "xa", "1", "10."] {
            assert_linear(pattern, |size| {
                // An expression takes its size for each character; an alert has at most 2048 of them.
                let value = unit.repeat(size / unit.len() / 64);
                let event = AlertEvent { labels: [("a".into(), value)].into(), ..AlertEvent::default() };
                condition.holds(&Facts::of(&event, ORIGIN));
            });
        }
    }
}
