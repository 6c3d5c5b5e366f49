//! What the description says of requests and answers: whatever the tests send and are answered is held against it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use alarum::http::{Answer, Request};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::description;

/// The operation of a path by a method (upper case).
pub fn operation(path: &str, method: &str) -> Option<&'static Value> {
    description()["paths"].get(path)?.get(method.to_ascii_lowercase())
}

/// What a reference leads to; what is none stays.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str().and_then(|reference| description().pointer(reference.trim_start_matches('#'))) {
        Some(target) => target,
        None => value,
    }
}

/// The body of a call: its schema and an example.
pub fn body(path: &str) -> Option<&'static Value> {
    operation(path, "POST")?.pointer("/requestBody/content/application~1json")
}

/// The parameters of a call by name, each with its schema; of a door, the fields of an alert.
pub fn takes(path: &str) -> Option<&'static Map<String, Value>> {
    let body = &body(path)?["schema"];
    let body = if body.get("properties").is_none() { &body["anyOf"][0] } else { body };
    resolved(body)["properties"].as_object()
}

/// What a schema of the description is not met by, in words; empty: it is met.
pub fn schema_problems(schema: &Value, value: &Value) -> Vec<String> {
    static KNOWN: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let text = schema.to_string();
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&text).cloned();
    let validator = known.unwrap_or_else(|| {
        let root = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema],
            "components": {"schemas": description()["components"]["schemas"]}});
        let made = Arc::new(jsonschema::validator_for(&root).unwrap_or_else(|e| panic!("{e}: {schema}")));
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(text, made.clone());
        made
    });
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What is wrong with an answer by the description.
fn answer_problems(path: &str, method: &str, answer: &Answer) -> Vec<String> {
    let body = || serde_json::from_slice(&answer.body).unwrap_or_default();
    let described = match (operation(path, method), answer.status) {
        // Of another method there is nothing but a refusal, in the shape that the path has.
        (None, 405) if operation(path, "POST").is_some() => {
            operation(path, "POST").and_then(|operation| operation["responses"].get("400"))
        }
        (None, 404 | 405) => return schema_problems(&json!({"$ref": "#/components/schemas/Refusal"}), &body()),
        (None, _) => return vec![format!("{method} {path} is not described")],
        (Some(operation), status) => operation["responses"].get(status.to_string()),
    };
    let Some(described) = described else { return vec![format!("status {} is not described", answer.status)] };
    let kind = answer.headers.iter().find(|(name, _)| *name == "content-type").map_or("", |(_, kind)| kind);
    match resolved(described)["content"].get(kind) {
        None => vec![format!("{kind} is not described")],
        Some(content) if kind == "application/json" => schema_problems(&content["schema"], &body()),
        Some(_) => Vec::new(),
    }
}

/// What is wrong with a request by the description.
pub fn request_problems(path: &str, given: &Value) -> Vec<String> {
    body(path).map_or_else(|| vec!["not described".to_owned()], |body| schema_problems(&body["schema"], given))
}

/// Holds an answer against the description; and a call of the Open API too, where it was done: what is taken must be
/// described. (What doors take is the business of their senders.)
pub fn check(request: &Request, answer: &Answer) {
    let (path, method) = (request.path.as_str(), request.method.as_str());
    let mut problems = answer_problems(path, method, answer);
    let is_call = operation(path, method).is_some_and(|operation| operation.get("security").is_none());
    if answer.status == 200 && is_call {
        let given = request.body.as_deref().unwrap_or_default();
        let given = if given.is_empty() { json!({}) } else { serde_json::from_slice(given).unwrap_or_default() };
        problems.extend(request_problems(path, &given).into_iter().map(|problem| format!("request: {problem}")));
    }
    assert!(problems.is_empty(), "{path}: {problems:#?}\n{answer}", answer = String::from_utf8_lossy(&answer.body));
}
