//! The description of what is served (OpenAPI) is that of its sources, complete, and so: its examples are taken, and what
//! it does not allow is refused. Every answer of every other test here is held against it as well (`support::openapi`).

use std::collections::BTreeSet;

use alarum::api::{ACTS, ALERTS, CONFIGS, INCIDENTS, SETTINGS, WEBHOOKS};
use alarum::description::DESCRIPTION;
use alarum::ingest::Door;
use alarum::settings::edits::{EDITS, LISTS};
use alarum::status::STATUS;
use serde_json::{Map, Value, json};

use crate::support::documented::Documented;
use crate::support::openapi::{self, SERVED, body, description, request_problems, schema_problems, takes};
use crate::support::{APP_KEY, PRIVATE_KEY, World, request};

/// The most bytes that are served.
const SIZE: usize = 250_000;

#[test]
fn what_is_served_is_what_the_sources_say() {
    let built = format!("{}\n", description());
    assert!(built.len() <= SIZE, "{} bytes", built.len());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(SERVED, built).expect("written");
    } else {
        let served = std::fs::read_to_string(SERVED).unwrap_or_default();
        assert!(served == built, "docs/openapi.json is not up to date; UPDATE_OPENAPI=1 cargo test --test it openapi");
    }
}

fn paths() -> &'static Map<String, Value> {
    description()["paths"].as_object().expect("paths")
}

#[test]
fn every_path_that_is_served_is_described_and_no_other() {
    let calls = [INCIDENTS.as_slice(), &ACTS, &ALERTS, &SETTINGS, &WEBHOOKS, &LISTS, &EDITS, &CONFIGS].concat();
    let doors: Vec<&str> = include_str!("../../docs/doors.md")
        .lines()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| line.split('`').skip(1).step_by(2).filter(|text| Door::at(text).is_some()))
        .collect();
    let served: BTreeSet<&str> =
        calls.iter().copied().chain(STATUS).chain(["/tick", DESCRIPTION]).chain(doors).collect();
    let described: BTreeSet<&str> = paths().keys().map(String::as_str).collect();
    let missing: Vec<_> = served.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&served).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "not described: {missing:#?}; not there: {unknown:#?}");
}

/// All that a value refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn everything_that_is_referred_to_is_there_and_nothing_else() {
    let mut found = BTreeSet::new();
    references(description(), &mut found);
    let components = description()["components"].as_object().expect("components");
    let kinds = ["schemas", "responses", "headers", "parameters"].into_iter();
    let names = kinds.flat_map(|kind| {
        let named = components[kind].as_object().expect("named").keys();
        named.map(move |name| format!("#/components/{kind}/{name}"))
    });
    assert_eq!(names.collect::<BTreeSet<_>>(), found);
}

#[test]
fn operations_have_names_of_their_own_and_schemas_are_valid() {
    let operations = paths().values().flat_map(|methods| methods.as_object().expect("methods").values());
    let operations: Vec<&Value> = operations.collect();
    let names: BTreeSet<&str> = operations.iter().filter_map(|it| it["operationId"].as_str()).collect();
    assert_eq!(names.len(), operations.len());
    for (name, schema) in description()["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
    }
}

#[test]
fn every_body_has_an_example_that_is_as_described() {
    for path in paths().keys() {
        let Some(body) = body(path) else { continue };
        let example = &body["example"];
        assert_eq!(request_problems(path, example), Vec::<String>::new(), "{path}: {example}");
    }
}

#[test]
fn the_examples_of_pushes_are_taken() {
    let mut world = World::new();
    for (path, target) in doors() {
        let example = &body(&path).expect("a door")["example"];
        let answer = world.send(request("POST", &target, &example.to_string()));
        assert!(matches!(answer.status, 200 | 202), "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
}

/// Each door with a key.
fn doors() -> Vec<(String, String)> {
    let doors = paths().keys().filter(|path| Door::at(path).is_some());
    doors.map(|path| (path.clone(), format!("{path}?integration_key={PRIVATE_KEY}"))).collect()
}

/// The groups of parameters of which one must be there.
fn groups(path: &str) -> Vec<Vec<&'static str>> {
    let schema = &openapi::body(path).expect("described")["schema"];
    let group = |names: &'static Value| {
        names["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    schema["anyOf"].as_array().into_iter().flatten().map(group).filter(|group| !group.is_empty()).collect()
}

fn without(body: &Value, names: &[&str]) -> Value {
    let mut body = body.clone();
    let fields = body.as_object_mut().expect("an object");
    fields.retain(|name, _| !names.contains(&name.as_str()));
    body
}

#[test]
fn a_call_without_a_required_parameter_is_refused() {
    let mut tried = 0;
    Documented::new().walk(&mut |world, call| {
        let schema = &openapi::body(call.path).expect("described")["schema"];
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut left_out: Vec<Vec<&str>> = required.map(|name| vec![name]).collect();
        left_out.extend(Some(groups(call.path).concat()).filter(|names| !names.is_empty()));
        // Of parameters that belong together each is required.
        let whole = groups(call.path).into_iter().filter(|group| group.len() > 1);
        let whole = whole.filter(|group| group.iter().all(|name| call.body.get(name).is_some()));
        left_out.extend(whole.flatten().map(|name| vec![name]));
        for names in left_out {
            let (status, answer) = call.with(world, &without(&call.body, &names));
            let refused = (status, &answer["error"]["code"]);
            assert_eq!(refused, (400, &json!("InvalidParameter")), "{} {names:?}: {answer}", call.path);
            tried += 1;
        }
    });
    assert!(tried > 100, "{tried}");
}

/// Something of every type; arrays and objects have in them what nothing has.
fn of_every_type() -> [Value; 6] {
    [json!(null), json!(true), json!(-7.5), json!("no such thing"), json!([[1]]), json!({"x": [1]})]
}

/// Calls `refuse` with a path, the name of a parameter and a body that has something there which is not described.
fn wrong_types(path: &str, body: &Value, refuse: &mut dyn FnMut(&str, Value)) {
    let mut tried = 0;
    for (name, schema) in takes(path).expect("parameters") {
        // What stands for one another is tried alone.
        let groups = groups(path);
        let belongs = |group: &&Vec<&str>| group.contains(&name.as_str());
        let others: Vec<&str> = groups.iter().filter(|group| !belongs(group)).flatten().copied().collect();
        let base = if groups.iter().any(|group| belongs(&group)) { without(body, &others) } else { body.clone() };
        for wrong in of_every_type() {
            if schema_problems(schema, &wrong).is_empty() {
                continue;
            }
            let mut body = base.clone();
            body[name] = wrong;
            refuse(name, body);
            tried += 1;
        }
    }
    assert!(tried > 0 || takes(path).is_some_and(Map::is_empty), "{path}");
}

#[test]
fn a_call_with_a_parameter_of_another_type_is_refused_by_its_name() {
    let mut wrong = Vec::new();
    Documented::new().walk(&mut |world, call| {
        // What stands within a part of the configuration is told by its name there.
        let edits = openapi::body(call.path).is_some_and(|body| body["schema"]["additionalProperties"] == false);
        wrong_types(call.path, &call.body, &mut |name, body| {
            let (status, answer) = call.with(world, &body);
            let message = answer["error"]["message"].as_str().unwrap_or_default();
            let named = edits || message.contains(name);
            if status != 400 || answer["error"]["code"] != "InvalidParameter" || !named {
                wrong.push(format!("{} {name} {body}: {status} {message}", call.path));
            }
        });
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_push_with_a_field_of_another_type_is_refused_by_its_name() {
    for (path, target) in doors() {
        // Those of other senders take what they can make anything of.
        if !["standard", "comment-by-alert"].iter().any(|end| path.ends_with(end)) {
            continue;
        }
        let example = &body(&path).expect("a door")["example"];
        wrong_types(&path, example, &mut |name, body| {
            let answer = World::new().send(request("POST", &target, &body.to_string()));
            let answered = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(answer.status == 400 && answered.contains(name), "{path} {body}: {answered}");
        });
    }
}

#[test]
fn the_description_is_served_to_anybody() {
    let served = World::new().call_raw(request("GET", "/openapi.json", ""));
    assert_eq!(served, (200, description().clone()));
}

#[test]
fn what_is_not_described_is_noticed() {
    let incident = json!({"$ref": "#/components/schemas/Person"});
    let person = json!({"person_id": 42, "person_name": "Ada", "email": "ada@example.net"});
    assert!(schema_problems(&incident, &person).is_empty());
    for (name, value) in [("phone", json!("1")), ("person_id", json!("42")), ("email", json!(null))] {
        let mut other = person.clone();
        other[name] = value;
        assert!(!schema_problems(&incident, &other).is_empty(), "{other}");
    }
    let (status, _) = World::new().call_raw(request("POST", &format!("/unheard-of?app_key={APP_KEY}"), "{}"));
    assert_eq!(status, 404);
}
