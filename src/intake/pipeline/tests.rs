//! Tests of the pipeline; those of marks are beside them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn pipeline(rules: Value) -> Pipeline {
    serde_json::from_value(json!({ "rules": rules })).expect("a pipeline")
}

fn is(key: &str, value: &str) -> Value {
    json!([{"key": key, "oper": "IN", "vals": [value]}])
}

fn event(status: Status, labels: &[(&str, &str)]) -> AlertEvent {
    let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    AlertEvent { status, title: "disk full".into(), description: "97 %".into(), labels, ..AlertEvent::default() }
}

fn told(rules: Value, event: &mut AlertEvent) -> (Outcome, Vec<String>) {
    let pipeline = pipeline(rules);
    assert_eq!(pipeline.check(), Ok(()));
    let mut steps = Vec::new();
    let outcome = pipeline.apply(event, Origin::default(), Some(&mut steps));
    (outcome, steps.into_iter().map(|step| step.effect).collect())
}

#[test]
fn a_title_is_reset_from_a_template_or_a_text() {
    let mut alert = event(Status::Warning, &[("host", "web-07")]);
    let rules = json!([
        {"kind": "title_reset", "settings": {"title": "[TPL][P] {{.Title}} on {{.Labels.host}}"}},
        {"kind": "title_reset", "if": is("labels.host", "db-*"), "settings": {"title": "no"}},
        {"kind": "title_reset", "settings": {"title": "[TPL]{{.Labels.none}} "}},
    ]);
    let (_, effects) = told(rules, &mut alert);
    assert_eq!(alert.title, "[P] disk full on web-07");
    let expected = [
        "title disk full -> [P] disk full on web-07",
        "its conditions do not hold",
        "the title stays: the new one would be empty",
    ];
    assert_eq!(effects, expected);
    told(json!([{"kind": "title_reset", "settings": {"title": "${host} {{.Title}}"}}]), &mut alert);
    assert_eq!(alert.title, "${host} {{.Title}}");
}

#[test]
fn a_description_is_reset_and_may_become_empty() {
    let mut alert = event(Status::Info, &[]);
    let rules = json!([{"kind": "description_reset", "settings": {"description": "[TPL]{{.Description}} used"}}]);
    assert_eq!(told(rules, &mut alert).1, ["description 97 % -> 97 % used"]);
    told(json!([{"kind": "description_reset", "settings": {"description": ""}}]), &mut alert);
    assert_eq!(alert.description, "");
}

#[test]
fn resets_are_cut_to_the_limits() {
    let (mut alert, long) = (event(Status::Info, &[]), "é".repeat(3000));
    told(
        json!([{"kind": "title_reset", "settings": {"title": long}},
            {"kind": "description_reset", "settings": {"description": format!("[TPL]{long}")}}]),
        &mut alert,
    );
    assert_eq!((alert.title.chars().count(), alert.description.chars().count()), (512, 2048));
}

#[test]
fn a_later_rule_sees_the_severity_that_an_earlier_one_gave() {
    let mut alert = event(Status::Info, &[]);
    let rules = json!([
        {"kind": "severity_reset", "if": [is("severity", "Info")], "settings": {"severity": "Warning"}},
        {"kind": "severity_reset", "if": [is("severity", "Info")], "settings": {"severity": "Info"}},
        {"kind": "severity_reset", "if": is("severity", "Warning"), "settings": {"severity": "Critical"}},
    ]);
    let (outcome, effects) = told(rules, &mut alert);
    assert_eq!(alert.status, Status::Critical);
    assert_eq!(effects, ["severity Info -> Warning", "its conditions do not hold", "severity Warning -> Critical"]);
    assert_eq!(outcome, Outcome::default());
}

#[test]
fn nothing_follows_a_drop_and_a_dropped_alert_inhibits_nothing() {
    let mut alert = event(Status::Critical, &[("env", "dev"), ("host", "a")]);
    let inhibit = json!({"kind": "alert_inhibit",
        "settings": {"equals": ["labels.host"], "source_filters": is("severity", "Critical")}});
    let rules = json!([
        inhibit,
        {"kind": "alert_drop", "if": is("labels.env", "dev"), "settings": {}},
        {"kind": "title_reset", "settings": {"title": "never"}},
    ]);
    let (outcome, effects) = told(rules, &mut alert);
    assert_eq!(outcome, Outcome { dropped: true, ..Outcome::default() });
    assert_eq!((effects.len(), effects[1].as_str(), alert.title.as_str()), (2, "dropped", "disk full"));
}

#[test]
fn a_recovery_passes_untouched() {
    let mut alert = event(Status::Ok, &[("host", "a")]);
    let before = alert.clone();
    let rules = json!([
        {"kind": "title_reset", "settings": {"title": "x"}},
        {"kind": "severity_reset", "settings": {"severity": "Critical"}},
        {"kind": "alert_inhibit", "settings": {"equals": ["labels.host"], "source_filters": is("title", "*")}},
        {"kind": "alert_drop", "if": is("title", "*")},
    ]);
    let (outcome, effects) = told(rules, &mut alert);
    assert_eq!((outcome, alert), (Outcome::default(), before));
    assert!(effects.is_empty());
}

fn inhibiting() -> Value {
    json!({"kind": "alert_inhibit", "if": is("severity", "Warning"),
        "settings": {"equals": ["labels.host"], "source_filters": is("severity", "Critical")}})
}

#[test]
fn a_target_and_its_source_carry_the_same_mark() {
    let marks = |status, host: &str| told(json!([inhibiting()]), &mut event(status, &[("host", host)]));
    let (target, effects) = marks(Status::Warning, "a");
    assert_eq!(effects, ["discarded while an alert is active that inhibits it"]);
    let (source, effects) = marks(Status::Critical, "a");
    assert_eq!(effects, ["its conditions do not hold; while active it inhibits others"]);
    assert!(target.sources.is_empty() && source.targets.is_empty());
    assert_eq!((target.targets.len(), &target.targets), (1, &source.sources));
    assert_ne!(marks(Status::Critical, "b").0.sources, source.sources);
    assert_eq!(marks(Status::Info, "a").0, Outcome::default());
}

#[test]
fn an_alert_may_be_target_and_source_and_equal_rules_count_once() {
    let both = json!({"kind": "alert_inhibit",
        "settings": {"equals": ["labels.host"], "source_filters": is("labels.host", "*")}});
    let (outcome, _) = told(json!([both, both]), &mut event(Status::Info, &[("host", "a")]));
    assert_eq!((outcome.targets.len(), &outcome.targets), (1, &outcome.sources));
}

#[test]
fn a_target_is_judged_at_the_rule_and_a_source_in_the_end() {
    let raise = json!({"kind": "severity_reset", "settings": {"severity": "Critical"}});
    let alert = || event(Status::Warning, &[("host", "a")]);
    let (after, _) = told(json!([inhibiting(), raise]), &mut alert());
    assert_eq!((after.targets.len(), after.sources.len()), (1, 1));
    let (before, _) = told(json!([raise, inhibiting()]), &mut alert());
    assert_eq!((before.targets.len(), before.sources.len()), (0, 1));
}

#[test]
fn other_rules_do_not_change_the_marks_of_a_rule() {
    let reset = json!({"kind": "title_reset", "settings": {"title": "x"}});
    let alert = || event(Status::Warning, &[("host", "a")]);
    let alone = told(json!([inhibiting()]), &mut alert()).0;
    let among = told(json!([reset, inhibiting(), reset]), &mut alert()).0;
    assert_eq!((&alone.targets, &alone.sources), (&among.targets, &among.sources));
    assert_eq!((alone.target_rules, among.target_rules), (vec![1], vec![2]));
}

#[test]
fn an_alert_without_anything_to_compare_is_neither_target_nor_source() {
    for status in [Status::Warning, Status::Critical] {
        assert_eq!(told(json!([inhibiting()]), &mut event(status, &[("x", "y")])).0, Outcome::default());
    }
    let (_, effects) = told(json!([inhibiting()]), &mut event(Status::Warning, &[]));
    assert_eq!(effects, ["the alert has none of labels.host"]);
}

#[test]
fn a_problem_names_the_rule_and_the_field() {
    let reset = json!({"kind": "severity_reset", "settings": {"severity": "Info"}});
    let anything = json!({"kind": "alert_inhibit", "settings": {"equals": [], "source_filters": []}});
    for (rules, start) in [
        (json!([reset, {"kind": "alert_drop", "settings": {}}]), "rule 2: if: "),
        (json!([reset, {"kind": "title_reset", "settings": {"title": " "}}]), "rule 2: settings.title: "),
        (json!([{"kind": "title_reset", "if": is("colour", "x"), "settings": {"title": "x"}}]), "rule 1: if: "),
        (json!([anything]), "rule 1: settings.source_filters: "),
        (Value::from(vec![reset.clone(); 51]), "rules: "),
    ] {
        let problem = pipeline(rules).check().expect_err("refused");
        assert!(problem.starts_with(start), "{problem}");
    }
    assert_eq!(pipeline(Value::from(vec![reset; 50])).check(), Ok(()));
    for settings in [json!({"severity": "Ok"}), json!({"severity": "critical"}), json!({})] {
        let rule = json!({"rules": [{"kind": "severity_reset", "settings": settings}]});
        assert!(serde_json::from_value::<Pipeline>(rule).is_err());
    }
}

#[test]
fn both_shapes_of_conditions_are_read_and_written_back_alike() {
    let rules = |conditions: Value| {
        pipeline(json!([{"kind": "alert_drop", "if": conditions},
            {"kind": "alert_inhibit", "settings": {"equals": ["severity"], "source_filters": is("title", "x")}},
            {"kind": "title_reset", "if": null, "settings": {"title": "x"}},
            {"kind": "description_reset", "settings": {"description": "x"}},
            {"kind": "severity_reset", "settings": {"severity": "Info"}}]))
    };
    let (flat, tree) = (rules(is("title", "a")), rules(json!([is("title", "a")])));
    assert_eq!(flat, tree);
    let written = serde_json::to_value(&flat).expect("a pipeline");
    for (nth, rule) in flat.rules.iter().enumerate() {
        assert_eq!(written["rules"][nth]["kind"], rule.action.kind());
    }
    assert_eq!(serde_json::from_value::<Pipeline>(written).expect("a pipeline"), flat);
    let toml: Pipeline = basic_toml::from_str(
        "[[rules]]\nkind = 'alert_drop'\nif = [{ key = 'title', oper = 'IN', vals = ['a'] }]\n[rules.settings]",
    )
    .expect("a pipeline");
    assert_eq!(toml.rules.first(), flat.rules.first());
}

const TEXT: &str = r"(\[TPL\])?(\{\{\.(Title|Description|Labels\.a)\}\}|\PC{0,9}){0,4}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_rule_and_no_alert_panics_and_texts_stay_within_the_limits(
        rules in proptest::collection::vec((0..5_usize, TEXT, "[a-c*?/]{0,3}"), 0..8),
        repeats in 0..400_usize,
        label in r"\PC{0,20}",
        recovers in any::<bool>(),
    ) {
        let rules = rules.into_iter().map(|(kind, text, wanted)| match kind {
            0 => json!({"kind": "title_reset", "if": is("labels.a", &wanted), "settings": {"title": text}}),
            1 => json!({"kind": "description_reset", "settings": {"description": text.repeat(repeats)}}),
            2 => json!({"kind": "severity_reset", "if": [is("title", &wanted), []],
                "settings": {"severity": "Critical"}}),
            3 => json!({"kind": "alert_drop", "if": is("labels.a", &wanted)}),
            _ => json!({"kind": "alert_inhibit",
                "settings": {"equals": ["labels.a", text], "source_filters": is("title", &wanted)}}),
        });
        let pipeline = pipeline(rules.collect());
        let mut event = event(if recovers { Status::Ok } else { Status::Warning }, &[("a", &label)]);
        let (before, mut silent) = (event.clone(), event.clone());
        let mut steps = Vec::new();
        let outcome = pipeline.apply(&mut event, Origin::default(), Some(&mut steps));
        prop_assert_eq!(&outcome, &pipeline.apply(&mut silent, Origin::default(), None));
        prop_assert_eq!(&event, &silent);
        prop_assert!(!event.title.trim().is_empty());
        prop_assert!(event.title.chars().count() <= TITLE_CHARS);
        prop_assert!(event.description.chars().count() <= DESCRIPTION_CHARS);
        prop_assert!(!recovers || (event == before && outcome == Outcome::default() && steps.is_empty()));
        prop_assert!(outcome.dropped || recovers || steps.len() == pipeline.rules.len());
    }
}
