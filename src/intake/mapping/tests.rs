//! Field and value mapping, point by point, and what holds for any body.

use super::*;
use crate::filter::Origin;
use crate::intake::Draft;
use proptest::prelude::*;
use serde_json::json;

fn mapping(mapping: Value) -> Mapping {
    let mapping: Mapping = serde_json::from_value(mapping).expect("a mapping");
    assert_eq!(mapping.check(), Ok(()));
    mapping
}

/// A mapping of these fields besides a title and a status.
fn with(target: &str, template: Value) -> Mapping {
    let mut fields = json!({"field_mapping": {"title_rule": "down", "event_status": "Info"}});
    fields["field_mapping"][target] = template;
    mapping(fields)
}

fn draft(mapping: &Mapping, body: Value) -> Result<Draft, ApiError> {
    mapping.read(&body)?.remove(0)
}

fn taken(mapping: &Mapping, body: Value) -> Draft {
    draft(mapping, body).expect("taken")
}

fn refusal(mapping: &Mapping, body: Value) -> String {
    draft(mapping, body).expect_err("refused").message
}

fn example() -> Mapping {
    mapping(json!({
        "field_mapping": {"title_rule": "{{rule}}", "event_status": "{{level}}", "alert_key": "{{host}}::{{rule}}",
            "labels": "{{tags}}"},
        "value_mapping": {"level": {"high": "Critical", "medium": "Warning", "cleared": "Ok"}}}))
}

#[test]
fn a_foreign_body_becomes_an_alert() {
    let body = json!({"rule": "disk full", "level": "high", "host": "db-3", "tags": {"team": "storage", "disk": 2}});
    let draft = taken(&example(), body);
    assert_eq!((draft.status, draft.alert_key.as_str()), (Status::Critical, "db-3::disk full"));
    assert_eq!((draft.labels["team"].as_str(), draft.labels["disk"].as_str()), ("storage", "2"));
    let event = draft.seal(Origin::default()).expect("sealed");
    assert_eq!(event.title, "disk full");
}

#[test]
fn the_configuration_may_be_toml_or_json() {
    let text = r#"
        [field_mapping]
        title_rule = "{{rule}}"
        event_status = "{{level}}"
        alert_key = "{{host}}::{{rule}}"
        labels = "{{tags}}"
        [value_mapping.level]
        high = "Critical"
        medium = "Warning"
        cleared = "Ok"
    "#;
    let from_toml: Mapping = basic_toml::from_str(text).expect("a mapping");
    assert_eq!(from_toml, example());
    let json = serde_json::to_value(&from_toml).expect("JSON");
    assert_eq!(serde_json::from_value::<Mapping>(json).expect("a mapping"), from_toml);
    assert!(basic_toml::from_str::<Mapping>("field_mapping = {}\nother = 1").is_err());
}

#[test]
fn a_body_is_an_object_or_an_array_of_up_to_100() {
    let mapping = with("title", json!("{{t}}"));
    let read = |body| mapping.read(&body).map(|drafts| drafts.len()).map_err(|error| error.message);
    assert_eq!(read(json!({"t": "a"})), Ok(1));
    assert_eq!(read(json!(vec![json!({"t": "a"}); 100])), Ok(100));
    assert_eq!(read(json!(vec![json!({}); 101])), Err("body: must hold 1 to 100 alerts".into()));
    assert_eq!(read(json!([])), Err("body: must hold 1 to 100 alerts".into()));
    assert_eq!(read(json!("x")), Err("body: must be a JSON object or an array of them".into()));
}

#[test]
fn one_alert_that_cannot_be_read_does_not_keep_the_others_out() {
    let mapping = with("title", json!("{{t}}"));
    let drafts = mapping.read(&json!([{"t": "a"}, {}, 7, {"t": "b"}])).expect("read");
    let messages: Vec<_> = drafts.iter().map(|draft| draft.as_ref().map_err(|e| e.message.as_str()).err()).collect();
    let (unresolved, shape) = ("title: the variable 't' does not resolve", "body: every alert must be a JSON object");
    assert_eq!(messages, [None, Some(unresolved), Some(shape), None]);
}

#[test]
fn what_the_mapping_does_not_name_is_not_looked_at() {
    let body = json!({"title_rule": "theirs", "description": "d", "labels": 7, "event_time": "x", "event_status": 1});
    let draft = taken(&with("title", json!("ours")), body);
    assert_eq!((draft.title_rule.as_str(), draft.description.as_str(), draft.event_time), ("down", "", None));
}

#[test]
fn dots_separate_levels_and_a_place_in_an_array_is_one() {
    let body = json!({"a": {"hosts": [{"name": "db-3"}]}});
    assert_eq!(taken(&with("title", json!("{{ a.hosts.0.name }}")), body).title, "db-3");
}

#[test]
fn exactly_one_variable_keeps_its_type() {
    let tags = json!({"tags": {"n": 7, "t": true, "nested": {"a": [1]}, "none": null}});
    let labels = taken(&with("labels", json!("{{tags}}")), tags).labels;
    let labels: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(labels, [("n", "7"), ("nested", r#"{"a":[1]}"#), ("t", "true")]);
    assert_eq!(refusal(&with("labels", json!("{{tags}}")), json!({"tags": ["a"]})), "labels: must be an object");
}

#[test]
fn within_other_text_every_value_is_a_text() {
    let mapping = with("description", json!("{{n}} {{t}} {{o}} {{none}}."));
    let body = json!({"n": 97.5, "t": true, "o": {"a": [1, "x"]}, "none": null});
    assert_eq!(taken(&mapping, body).description, r#"97.5 true {"a":[1,"x"]} ."#);
}

#[test]
fn a_text_target_takes_a_value_of_any_type_as_its_text() {
    let mapping = with("alert_key", json!("{{id}}"));
    assert_eq!(taken(&mapping, json!({"id": 4711})).alert_key, "4711");
    assert_eq!(taken(&mapping, json!({"id": [1]})).alert_key, "[1]");
}

#[test]
fn labels_may_have_a_template_each() {
    let mapping =
        with("labels", json!({"team": "{{o.team}}", "both": "{{o.team}}/{{n}}", "fixed": "x", "none": "{{z}}"}));
    let labels = taken(&mapping, json!({"o": {"team": "storage"}, "n": 7, "z": null})).labels;
    let labels: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(labels, [("both", "storage/7"), ("fixed", "x"), ("team", "storage")]);
    assert_eq!(
        refusal(&mapping, json!({"o": {}, "n": 7, "z": 1})),
        "labels.both: the variable 'o.team' does not resolve"
    );
}

#[test]
fn images_are_an_array_of_the_alert_or_have_a_template_each() {
    let srcs = |mapping: &Mapping, body| -> Vec<_> {
        taken(mapping, body).images.into_iter().map(|image| (image.src, image.alt)).collect()
    };
    let image = |src: &str, alt: &str| (src.to_owned(), alt.to_owned());
    let one = with("images", json!("{{shots}}"));
    let shots = json!({"shots": [{"src": "img_a", "alt": "usage"}, "img_b"]});
    assert_eq!(srcs(&one, shots), [image("img_a", "usage"), image("img_b", "")]);
    assert_eq!(srcs(&one, json!({"shots": "img_c"})), [image("img_c", "")]);
    assert_eq!(srcs(&one, json!({"shots": {"src": "img_d"}})), [image("img_d", "")]);
    assert!(srcs(&one, json!({"shots": null})).is_empty());
    assert_eq!(refusal(&one, json!({"shots": [7]})), "images: every entry must be an object");
    let each = with("images", json!([{"src": "https://img.example.net/{{id}}", "alt": "{{host}}"}]));
    assert_eq!(srcs(&each, json!({"id": 7, "host": "db-3"})), [image("https://img.example.net/7", "db-3")]);
    assert_eq!(refusal(&each, json!({"id": 7})), "images.alt: the variable 'host' does not resolve");
}

#[test]
fn the_value_mapping_goes_by_the_path_of_the_source() {
    let mapping = mapping(json!({
        "field_mapping": {"title": "{{a.level}} {{b.level}} {{a}}", "event_status": "{{a.level}}"},
        "value_mapping": {"a.level": {"2": "Warning", "true": "Info", "": "Ok"}}}));
    let read = |level: Value| taken(&mapping, json!({"a": {"level": level}, "b": {"level": 2}}));
    assert_eq!(read(json!(2)).status, Status::Warning);
    assert_eq!(read(json!(2)).title, r#"Warning 2 {"level":2}"#);
    assert_eq!(read(json!(true)).status, Status::Info);
    assert_eq!(read(json!(null)).status, Status::Ok);
    assert_eq!(read(json!("Critical")).status, Status::Critical, "what is not listed stays");
}

#[test]
fn a_status_that_is_none_of_the_four_is_named() {
    let body = |level: &str| json!({"rule": "r", "level": level, "host": "h", "tags": {}});
    assert_eq!(refusal(&example(), body("low")), "event_status: 'low' is none of Critical, Warning, Info, Ok");
    let long = format!("event_status: '{}' is none of Critical, Warning, Info, Ok", "é".repeat(64));
    assert_eq!(refusal(&example(), body(&"é".repeat(99))), long);
    let body = json!({"rule": "r", "level": null, "host": "h", "tags": {}});
    assert_eq!(refusal(&example(), body), "event_status: must be one of Critical, Warning, Info, Ok");
}

#[test]
fn a_variable_that_does_not_resolve_is_named() {
    let body = json!({"rule": "r", "level": "high", "tags": {}});
    assert_eq!(refusal(&example(), body), "alert_key: the variable 'host' does not resolve");
}

#[test]
fn null_is_an_absent_value_not_a_missing_one() {
    let body = json!({"rule": "r", "level": "high", "host": null, "tags": null});
    let draft = taken(&example(), body);
    assert_eq!((draft.alert_key.as_str(), draft.labels.len()), ("::r", 0));
    assert_eq!(taken(&with("alert_key", json!("{{k}}")), json!({"k": null})).alert_key, "");
}

#[test]
fn a_value_of_any_size_is_used_only_as_far_as_it_is_kept() {
    let mapping = with("description", json!("{{a}}".repeat(400)));
    let draft = taken(&mapping, json!({"a": vec!["é".repeat(1000); 300]}));
    assert_eq!(draft.description.chars().count(), 2048);
    let key = with("alert_key", json!("{{a}}"));
    let refused = taken(&key, json!({"a": "k".repeat(5000)})).seal(Origin::default()).expect_err("refused").message;
    assert_eq!(refused, "alert_key: must have at most 255 characters");
}

/// Bodies of any small shape, with the names that the mappings below use.
fn bodies() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("Info")),
        Just(json!("img_x"))
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]|src", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_body_breaks_a_mapping(body in bodies(), path in "[a-c](\\.[a-c0-2]){0,2}") {
        let variable = format!("{{{{{path}}}}}");
        let mapping = mapping(json!({
            "field_mapping": {"title": format!("x {variable}"), "event_status": variable, "labels": variable,
                "images": variable},
            "value_mapping": {path: {"a": "Ok"}}}));
        for draft in mapping.read(&body).into_iter().flatten().flatten() {
            let _ = draft.seal(Origin::default());
        }
    }

    #[test]
    fn no_mapping_breaks_the_reading(target in "title|labels|images|event_status|x", template in bodies(), text in "[a.{} é]*") {
        for template in [template, json!(text)] {
            let field_mapping = [(target.clone(), template)].into();
            let mapping = Mapping { field_mapping, ..Mapping::default() };
            let _ = mapping.check();
            let drafts = mapping.read(&json!({"a": {"a": 1}})).expect("an object is a body");
            prop_assert_eq!(drafts.len(), 1);
        }
    }
}
