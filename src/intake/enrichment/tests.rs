//! Tests of rules that work together; those of one kind are beside it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::intake::Status;
use crate::intake::fields::{LABEL_NAME_CHARS, LABEL_VALUE_CHARS, LABELS, limited};

fn enrichment(rules: Value) -> Enrichment {
    serde_json::from_value(json!({ "rules": rules })).expect("an enrichment")
}

fn tables() -> Vec<MappingTable> {
    let table = json!({"id": "owners", "source_labels": ["service"], "result_labels": ["team", "tier"],
        "rows": [{"service": "pay", "team": "billing", "tier": "1"}, {"service": "shop", "team": "web"}]});
    vec![serde_json::from_value(table).expect("a table")]
}

fn event(title: &str, labels: &[(&str, &str)]) -> AlertEvent {
    let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    AlertEvent { status: Status::Warning, title: title.into(), labels, ..AlertEvent::default() }
}

fn told(enrichment: &Enrichment, event: &mut AlertEvent) -> Vec<Step> {
    let mut steps = Vec::new();
    enrichment.apply(event, Origin::default(), &tables(), Some(&mut steps));
    steps
}

const CHAIN: &str = r#"[
    {"kind": "extraction", "settings":
        {"source_field": "title", "result_label": "service", "pattern": "^(?P<result>\\w+):"}},
    {"kind": "mapping", "if": null, "settings":
        {"mapping_type": "schema", "schema_id": "owners", "result_labels": ["team"]}},
    {"kind": "composition", "if": [{"key": "labels.team", "oper": "IN", "vals": ["billing"]}],
     "settings": {"result_label": "page", "template": "https://wiki/{{.labels.team}}/{{.labels.service}}"}},
    {"kind": "drop", "settings": {"drop_labels": ["service", "secret"]}}
]"#;

fn chain() -> Enrichment {
    enrichment(serde_json::from_str(CHAIN).expect("rules"))
}

#[test]
fn every_rule_sees_what_the_one_before_it_did() {
    let chain = chain();
    assert_eq!(chain.check(&tables()), Ok(()));
    let mut alert = event("pay: timeouts", &[]);
    let steps = told(&chain, &mut alert);
    assert_eq!(alert.labels, event("", &[("team", "billing"), ("page", "https://wiki/billing/pay")]).labels);
    let effects: Vec<&str> = steps.iter().map(|step| step.effect.as_str()).collect();
    assert_eq!(
        effects,
        [
            "label service = pay",
            "label team = billing",
            "label page = https://wiki/billing/pay",
            "label service is removed; there is no label secret"
        ]
    );
    assert!(steps.iter().all(|step| step.matched) && steps.iter().zip(1..).all(|(step, nth)| step.rule == nth));
}

#[test]
fn a_rule_whose_conditions_do_not_hold_does_nothing() {
    let mut alert = event("shop: slow", &[]);
    let steps = told(&chain(), &mut alert);
    assert_eq!(alert.labels, event("", &[("team", "web")]).labels);
    assert!(!steps[2].matched && steps[2].effect == "its conditions do not hold");
}

#[test]
fn recoveries_are_enriched_like_alerts_and_nothing_is_told_unasked() {
    let (mut alert, mut silent) = (event("pay: timeouts", &[]), event("pay: timeouts", &[]));
    (alert.status, silent.status) = (Status::Ok, Status::Ok);
    told(&chain(), &mut alert);
    chain().apply(&mut silent, Origin::default(), &tables(), None);
    assert_eq!(alert, silent);
    assert_eq!(alert.labels["team"], "billing");
}

#[test]
fn the_kind_of_a_step_is_the_one_that_was_written() {
    let written = serde_json::to_value(chain()).expect("an enrichment");
    let kinds: Vec<&str> = chain().rules.iter().map(|rule| rule.action.kind()).collect();
    for (nth, kind) in kinds.iter().enumerate() {
        assert_eq!(written["rules"][nth]["kind"], *kind);
    }
    assert_eq!(serde_json::from_value::<Enrichment>(written).expect("an enrichment"), chain());
}

#[test]
fn toml_holds_the_same_rules() {
    let toml: Enrichment = basic_toml::from_str(
        r#"
        [[rules]]
        kind = "drop"
        if = [{ key = "labels.env", oper = "IN", vals = ["dev*"] }]
        settings = { drop_labels = ["env"] }
        "#,
    )
    .expect("an enrichment");
    let conditions = json!([{"key": "labels.env", "oper": "IN", "vals": ["dev*"]}]);
    assert_eq!(toml, enrichment(json!([{"kind": "drop", "if": conditions, "settings": {"drop_labels": ["env"]}}])));
}

#[test]
fn a_problem_names_the_rule_and_the_field() {
    let drop = json!({"kind": "drop", "settings": {"drop_labels": ["x"]}});
    let api = json!({"kind": "mapping", "settings": {"mapping_type": "api", "api_id": "a1", "result_labels": ["x"]}});
    let bad_if = json!({"kind": "drop", "if": [{"key": "colour", "oper": "IN", "vals": ["x"]}],
        "settings": {"drop_labels": ["x"]}});
    for (rules, start) in [
        (json!([drop, {"kind": "drop", "settings": {"drop_labels": []}}]), "rule 2: settings.drop_labels:"),
        (json!([drop, api]), "rule 2: settings.mapping_type: api"),
        (json!([bad_if]), "rule 1: if: "),
        (Value::from(vec![drop.clone(); 101]), "rules:"),
    ] {
        let problem = enrichment(rules).check(&tables()).expect_err("refused");
        assert!(problem.starts_with(start), "{problem}");
    }
    let unknown = json!({"rules": [{"kind": "drop", "settings": {"drop_labels": ["x"], "more": 1}}]});
    assert!(serde_json::from_value::<Enrichment>(unknown).is_err());
}

fn rules() -> impl Strategy<Value = Value> {
    let label = || "[a-c]|service|team";
    let text = || r"[a-c.#*()\\?{}]{0,12}|\{\{\.(title|labels\.[a-c])\}\}|\PC{0,12}";
    let rule = prop_oneof![
        ("title|description|labels.[a-c]|x", label(), text(), any::<bool>(), any::<bool>()).prop_map(
            |(source, label, text, json, on)| {
                let field = if json { "g_json" } else { "pattern" };
                json!({"kind": "extraction", "settings":
                    {"source_field": source, "result_label": label, field: text, "override": on}})
            }
        ),
        (label(), text(), any::<bool>()).prop_map(|(label, text, on)| {
            json!({"kind": "composition", "settings": {"result_label": label, "template": text, "override": on}})
        }),
        any::<bool>().prop_map(|on| json!({"kind": "mapping", "settings": {"schema_id": "owners", "override": on}})),
        label().prop_map(|label| json!({"kind": "drop", "settings": {"drop_labels": [label]}})),
    ];
    proptest::collection::vec(rule, 0..8).prop_map(Value::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_rule_and_no_alert_panics_and_labels_stay_within_the_limits(
        rules in rules(),
        title in r#"\PC{0,40}|\{"[abc]":\{"[abc]":\[1,"[abc]"\]\}\}"#,
        labels in proptest::collection::vec((r"[a-z]\d?|service", r"\PC{0,20}|pay|shop|\[\{\}\]"), 0..60),
        long in 0..4000_usize,
    ) {
        let enrichment = enrichment(rules);
        let labels = limited(labels);
        let description = "é".repeat(long);
        let mut event = AlertEvent { title, description, labels, ..AlertEvent::default() };
        let mut silent = event.clone();
        let steps = told(&enrichment, &mut event);
        enrichment.apply(&mut silent, Origin::default(), &tables(), None);
        prop_assert_eq!(&event, &silent);
        prop_assert_eq!(steps.len(), enrichment.rules.len());
        prop_assert!(event.labels.len() <= LABELS);
        for (name, value) in &event.labels {
            prop_assert!(name.chars().count() <= LABEL_NAME_CHARS && value.chars().count() <= LABEL_VALUE_CHARS);
        }
        // Whether it may be followed can be asked of any.
        let _: Result<(), String> = enrichment.check(&tables());
    }
}
