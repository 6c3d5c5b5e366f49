use serde_json::json;

use super::field::Kind;
use super::subject::SUBJECTS;
use super::*;
use crate::config::{Config, ConfigError, Document};

mod random;
mod scenarios;

const DEMO: &str = include_str!("../../../tests/support/demo.toml");
const GOLDEN: &str = include_str!("../../../tests/support/golden.toml");

/// A document with one of everything.
const MORE: &str = r#"
[[app_keys]]
name = "Ada's"
key = "another-app-key-0123456789"
person_id = 42

[[people]]
id = 42
name = "Ada"

[[fields]]
name = "priority"
type = "single_select"
options = ["P1"]

[[calendars]]
cal_id = "office"

[[mapping_tables]]
id = "owners"
source_labels = ["host"]
result_labels = ["owner"]

[[channels]]
id = 200
name = "with rules"
silence = [{ rule_id = "s", filters = [[{ key = "title", oper = "IN", vals = ["x"] }]], time_filters = [{ start = "22:00", end = "06:00", cal_id = "office" }] }]
inhibit = [{ rule_id = "i", equals = ["title"], source_filters = [[{ key = "title", oper = "IN", vals = ["x"] }]], target_filters = [[{ key = "title", oper = "IN", vals = ["y"] }]] }]
drop = [{ rule_id = "d", filters = [[{ key = "title", oper = "IN", vals = ["z"] }]] }]

[[integrations]]
id = 9100
name = "enriched"
kind = "shared"
key = "enriched-key-0123456789"
enrichment = { rules = [{ kind = "mapping", settings = { schema_id = "owners" } }] }

[[subscriptions]]
id = 8
name = "of one channel"
url = "https://hooks.example.net/one?token=0123456789"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
channel_ids = [102]
"#;

fn parsed(text: &str) -> Map<String, Value> {
    basic_toml::from_str(text).expect("TOML")
}

fn document() -> Map<String, Value> {
    parsed(&format!("{GOLDEN}{MORE}"))
}

/// The parameters of a call.
fn given(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

/// Makes a call; what it leaves must be a configuration.
fn accepted(document: &mut Map<String, Value>, path: &str, parameters: Value) -> Value {
    let mut drawn = 0;
    let mut draw = || {
        drawn += 1;
        drawn
    };
    let answer = edit(document, path, &given(&parameters), &mut draw, 1_700_000_000)
        .unwrap_or_else(|e| panic!("{path} {parameters}: {e}"));
    read(document).unwrap_or_else(|e| panic!("{path} {parameters}: {e}"));
    answer
}

/// Makes a call that is refused, by itself and not only by what it leaves.
fn refused(document: &Map<String, Value>, path: &str, parameters: &Value) -> ApiError {
    let mut changed = document.clone();
    let error = edit(&mut changed, path, &given(parameters), &mut || 7, 0).expect_err(path);
    assert_eq!(&changed, document, "{path} {parameters}");
    error
}

fn message(document: &Map<String, Value>, path: &str, parameters: Value) -> String {
    refused(document, path, &parameters).message
}

/// The entry of a section with an id.
fn entry<'a>(document: &'a Map<String, Value>, section: &str, id: &str, value: Value) -> &'a Value {
    let entries = document[section].as_array().expect("a list");
    entries.iter().find(|entry| entry[id] == value).unwrap_or(&Value::Null)
}

#[test]
fn every_path_leads_somewhere() {
    let (mut document, none) = (document(), Map::new());
    for path in EDITS {
        let answer = edit(&mut document, path, &none, &mut || 7, 0).expect_err("has an id");
        assert_eq!(answer.code, Code::InvalidParameter, "{path}");
    }
    for path in LISTS {
        assert!(!list(&document, path, &none).is_err_and(|e| e.code == Code::RouteNotFound), "{path}");
    }
    assert_eq!(refused(&document, "/channel/rename", &json!({})).code, Code::RouteNotFound);
    assert_eq!(list(&document, "/channel/rename/list", &none).expect_err("none").code, Code::RouteNotFound);
}

/// A parameter that a call must have to get as far as looking at the others.
fn ids(subject: &Subject) -> Value {
    let mut ids = json!({"channel_id": 200});
    if !subject.in_channel {
        ids = json!({});
    }
    ids[subject.id.given] = match subject.section {
        "channels" => json!(101),
        "integrations" => json!(9001),
        "subscriptions" => json!(1),
        "people" => json!(42),
        "fields" => json!("priority"),
        "app_keys" => json!("tests"),
        "calendars" => json!("office"),
        "mapping_tables" => json!("owners"),
        "silence" => json!("s"),
        "inhibit" => json!("i"),
        _ => json!("d"),
    };
    ids
}

#[test]
fn a_parameter_of_another_type_is_refused_by_its_name() {
    let (document, mut found) = (document(), 0);
    for subject in SUBJECTS {
        let path = ["update", "upsert"].map(|verb| format!("{}/{verb}", subject.path));
        let path = path.iter().find(|path| EDITS.contains(&path.as_str())).expect("can be changed");
        for field in subject.fields.iter().filter(|field| field.kind != Kind::Unused) {
            for wrong in [json!(1.5), json!({"a": 1}), json!([1]), json!("nonsense"), json!(true), json!(3)] {
                let fits = match field.kind {
                    Kind::Text | Kind::Choice => wrong.is_string(),
                    Kind::Number | Kind::Id => wrong.is_i64(),
                    Kind::Flag => wrong.is_boolean(),
                    Kind::List => wrong.is_array(),
                    Kind::Object => wrong.is_object(),
                    Kind::Enabled | Kind::Status | Kind::Unused | Kind::Never => false,
                };
                if !fits {
                    let mut parameters = ids(subject);
                    parameters[field.given] = wrong;
                    let error = refused(&document, path, &parameters);
                    assert_eq!(error.code, Code::InvalidParameter);
                    assert!(error.message.starts_with(&format!("{}: ", field.given)), "{path}: {error}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 250, "{found}");
}

#[test]
fn an_id_that_nothing_has_and_one_that_is_missing_are_refused_by_every_call() {
    let document = document();
    for path in EDITS {
        let (subject, verb) = Subject::at(path).unwrap_or((&subject::INTEGRATION, "upsert"));
        if subject.in_channel {
            for (channel, code) in [(json!(7), Code::ResourceNotFound), (json!("200"), Code::InvalidParameter)] {
                let error = refused(&document, path, &json!({"channel_id": channel, "rule_id": "s"}));
                assert!(error.code == code && error.message.starts_with("channel_id: "), "{path}: {error}");
            }
        }
        if ["create", "upsert"].contains(&verb) && Setting::at(path, verb).is_none() {
            continue;
        }
        for (id, code) in [
            (json!(7), Code::ResourceNotFound),
            (json!("none"), Code::ResourceNotFound),
            (json!(true), Code::InvalidParameter),
            (json!(null), Code::InvalidParameter),
        ] {
            let is_text = !matches!(subject.id.kind, Kind::Id);
            let mut parameters = json!({"channel_id": 200});
            if !subject.in_channel {
                parameters = json!({});
            }
            let code = if id.is_string() != is_text { Code::InvalidParameter } else { code };
            parameters[subject.id.given] = id;
            let error = refused(&document, path, &parameters);
            assert_eq!(error.code, code, "{path} {parameters}: {error}");
            assert!(error.message.starts_with(&format!("{}: ", subject.id.given)), "{path}: {error}");
        }
    }
}

#[test]
fn a_parameter_that_is_not_known_is_refused_by_every_call() {
    let document = document();
    for path in EDITS {
        let (subject, verb) = Subject::at(path).unwrap_or((&subject::INTEGRATION, "upsert"));
        let mut parameters = ids(subject);
        if verb == "create" {
            match subject.ids {
                subject::Ids::Given => parameters[subject.id.given] = json!("new"),
                _ => drop(parameters.as_object_mut().expect("an object").remove(subject.id.given)),
            }
        }
        parameters["colour"] = json!("red");
        assert_eq!(message(&document, path, parameters), "colour: is not a parameter of this call", "{path}");
    }
    // An id that is counted is not for choosing, and what is only switched takes nothing else.
    let chosen = message(&document, "/channel/create", json!({"channel_id": 5, "channel_name": "n"}));
    assert_eq!(chosen, "channel_id: is not a parameter of this call");
    let named = message(&document, "/channel/enable", json!({"channel_id": 101, "channel_name": "n"}));
    assert_eq!(named, "channel_name: is not a parameter of this call");
}

#[test]
fn what_must_be_there_is_asked_for_and_cannot_be_emptied() {
    let document = document();
    for (path, parameters, missing) in [
        ("/channel/create", json!({}), "channel_name"),
        ("/channel/update", json!({"channel_id": 101, "channel_name": null}), "channel_name"),
        ("/integration/create", json!({"integration_name": "n"}), "kind"),
        ("/webhook/create", json!({"integration_name": "n"}), "endpoint"),
        ("/person/create", json!({"email": "a@example.net"}), "person_name"),
        ("/field/create", json!({"field_name": "f"}), "field_type"),
        ("/field/create", json!({"field_type": "text"}), "field_name"),
        ("/key/create", json!({}), "name"),
        ("/key/create", json!({"name": ""}), "name"),
        ("/mapping/upsert", json!({"schema_id": "t", "source_labels": ["a"]}), "result_labels"),
        ("/channel/silence/rule/create", json!({"channel_id": 200}), "filters"),
        ("/channel/inhibit/rule/create", json!({"channel_id": 200, "target_filters": []}), "source_filters"),
        ("/enrichment/upsert", json!({"integration_id": 9001}), "rules"),
    ] {
        assert_eq!(message(&document, path, parameters), format!("{missing}: is required"), "{path}");
    }
}

#[test]
fn what_is_over_a_limit_or_leads_nowhere_is_refused_by_the_document() {
    let condition = json!({"key": "title", "oper": "IN", "vals": ["x"]});
    let many = |count: usize, of: Value| Value::Array(vec![of; count]);
    let case = json!({"if": [], "channel_ids": [101]});
    let rule = json!({"kind": "alert_drop", "if": [[condition]]});
    for (path, parameters, problem) in [
        (
            "/channel/create",
            json!({"channel_name": "n".repeat(60)}),
            "channels: id 201: name: must have 1 to 59 characters, has 60",
        ),
        (
            "/channel/update",
            json!({"channel_id": 101, "description": "d".repeat(501)}),
            "channels: id 101: description: ",
        ),
        (
            "/channel/update",
            json!({"channel_id": 101, "auto_resolve_timeout": 2_592_001}),
            "channels: id 101: auto_resolve_timeout: ",
        ),
        ("/channel/update", json!({"channel_id": 101, "auto_resolve_timeout": -1}), "channels: entry 1: "),
        ("/channel/update", json!({"channel_id": 101, "group": {"method": "p"}}), "channels: id 101: group: equals: "),
        ("/channel/update", json!({"channel_id": 101, "flapping": {"max_changes": 1}}), "channels: id 101: flapping: "),
        (
            "/channel/silence/rule/update",
            json!({"channel_id": 200, "rule_id": "s", "rule_name": "r".repeat(40)}),
            "channels: id 200: silence: rule s: rule_name: ",
        ),
        (
            "/channel/silence/rule/create",
            json!({"channel_id": 101, "filters": [[condition]]}),
            "channels: id 101: silence: rule ",
        ),
        (
            "/channel/unsubscribe/rule/create",
            json!({"channel_id": 101, "filters": []}),
            "channels: id 101: drop: rule ",
        ),
        (
            "/integration/create",
            json!({"integration_name": "n", "kind": "private", "channel_id": 7}),
            "integrations: id 9101: there is no channel 7",
        ),
        (
            "/integration/create",
            json!({"integration_name": "n", "kind": "private"}),
            "integrations: id 9101: a private integration has",
        ),
        (
            "/route/upsert",
            json!({"integration_id": 9002, "cases": many(1001, case)}),
            "integrations: id 9002: route: cases: must be at most 1000",
        ),
        (
            "/alert/pipeline/upsert",
            json!({"integration_id": 9002, "rules": many(51, rule)}),
            "integrations: id 9002: pipeline: rules: must be at most 50",
        ),
        (
            "/enrichment/upsert",
            json!({"integration_id": 9002, "rules": [{"kind": "mapping", "settings": {"schema_id": "no"}}]}),
            "integrations: id 9002: enrichment: rule 1: ",
        ),
        (
            "/webhook/create",
            json!({"integration_name": "n", "endpoint": "http://localhost/x"}),
            "subscriptions: id 9: url: ",
        ),
        (
            "/webhook/update",
            json!({"integration_id": 8, "channel_ids": [7]}),
            "subscriptions: id 8: channel_ids: there is no channel 7",
        ),
        ("/webhook/update", json!({"integration_id": 8, "timeout_ms": 99}), "subscriptions: id 8: timeout_ms: "),
        ("/webhook/update", json!({"integration_id": 8, "secret": "whsec_short"}), "subscriptions: id 8: secret: "),
        (
            "/field/update",
            json!({"field_name": "priority", "options": many(21, json!("x"))}),
            "fields: priority: options: ",
        ),
        ("/calendar/upsert", json!({"cal_id": "office", "workdays": [7]}), "calendars: office: workdays: "),
        (
            "/mapping/upsert",
            json!({"schema_id": "owners", "rows": [{"owner": "a"}]}),
            "mapping_tables: id owners: rows: row 1: ",
        ),
        ("/person/update", json!({"person_id": 42, "person_name": ""}), "people: id 42: "),
        ("/key/update", json!({"name": "tests", "person_id": 7}), "app_keys: tests: person_id: "),
        ("/key/update", json!({"name": "tests", "role": "owner"}), "app_keys: entry 1: "),
    ] {
        let mut document = document();
        edit(&mut document, path, &given(&parameters), &mut || 7, 0).unwrap_or_else(|e| panic!("{path}: {e}"));
        let told = read(&document).expect_err(path).0;
        assert!(told.starts_with(problem), "{path}: {told}");
    }
}

#[test]
fn what_is_used_is_not_deleted_and_it_is_told_by_what() {
    let mut document = document();
    for (path, parameters, problem) in [
        ("/channel/delete", json!({"channel_id": 101}), "channel_id: is used by integration 9001 (channel_id)"),
        (
            "/channel/delete",
            json!({"channel_id": 100}),
            "channel_id: is used by integration 9002 (route.cases.channel_ids)",
        ),
        (
            "/mapping/delete",
            json!({"schema_id": "owners"}),
            "schema_id: is used by integration 9100 (enrichment.rules.settings.schema_id)",
        ),
        (
            "/calendar/delete",
            json!({"cal_id": "office"}),
            "cal_id: is used by channel 200 (silence.time_filters.cal_id)",
        ),
        ("/person/delete", json!({"person_id": 42}), "person_id: is used by key Ada's (person_id)"),
    ] {
        assert_eq!(message(&document, path, parameters), problem);
    }
    accepted(&mut document, "/route/upsert", json!({"integration_id": 9002, "default": {"channel_ids": [100]}}));
    let told = message(&document, "/channel/delete", json!({"channel_id": 100}));
    assert_eq!(told, "channel_id: is used by integration 9002 (route.default.channel_ids)");
    accepted(&mut document, "/integration/delete", json!({"integration_id": 9006}));
    let told = message(&document, "/channel/delete", json!({"channel_id": 102}));
    assert_eq!(told, "channel_id: is used by subscription 8 (channel_ids)");
    for (path, parameters) in [
        ("/webhook/delete", json!({"integration_id": 8})),
        ("/channel/delete", json!({"channel_id": 102})),
        ("/enrichment/upsert", json!({"integration_id": 9100, "rules": []})),
        ("/mapping/delete", json!({"schema_id": "owners"})),
        ("/channel/silence/rule/delete", json!({"channel_id": 200, "rule_id": "s"})),
        ("/calendar/delete", json!({"cal_id": "office"})),
        ("/key/delete", json!({"name": "Ada's"})),
        ("/person/delete", json!({"person_id": 42})),
        ("/field/delete", json!({"field_name": "priority"})),
    ] {
        assert_eq!(accepted(&mut document, path, parameters), Value::Null, "{path}");
    }
    assert_eq!(
        message(&document, "/channel/delete", json!({"channel_id": 102})),
        "channel_id: there is no channel 102"
    );
}

/// Reads a document as it would be stored.
fn read(document: &Map<String, Value>) -> Result<Config, ConfigError> {
    Config::read(Document::of(document.clone(), 0)?)
}
