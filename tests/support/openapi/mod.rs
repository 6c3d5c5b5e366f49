//! The description of everything that is served over HTTP, as OpenAPI 3.1: built from the sources in `docs/openapi`, and
//! what it says of requests and answers.

mod calls;
mod checks;
mod subjects;
mod types;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use self::calls::{Call, Told};
pub use self::checks::{body, check, request_problems, schema_problems, takes};
use self::types::{Side, schema};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi");
/// What is served.
pub const SERVED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

/// The sources of calls, in the order in which their tags are shown.
const CALLS: [&str; 6] = ["incidents", "alerts", "webhooks", "settings", "edits", "doors"];

/// What stands in examples in place of what the document of the API names.
const EXAMPLES: [(&str, &str); 6] = [
    ("OTHER_INCIDENT_ID", "6920a3f1b7c2d4e5f6071829"),
    ("INCIDENT_ID", "6920a3b04d5e6f708192a3b4"),
    ("ALERT_ID", "6920a3b0c4d5e6f70819a2b3"),
    ("EVENT_ID", "6920a3b0d5e6f708192a3b4c"),
    ("RULE_ID", "6920a3b0e6f708192a3b4c5d"),
    ("VERSION", "1"),
];

fn source(name: &str) -> Map<String, Value> {
    let file = format!("{SOURCES}/{name}.json");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The description, built anew once.
pub fn description() -> &'static Value {
    static BUILT: OnceLock<Value> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> Value {
    let mut document = Value::Object(source("document"));
    let mut schemas = Map::new();
    for (name, side) in [("given", Side::Given), ("objects", Side::Answered)] {
        for (name, written) in source(name) {
            assert!(schemas.insert(name.clone(), schema(&written, side)).is_none(), "{name} is there twice");
        }
    }
    let told = told();
    let (mut paths, mut tags, mut responses) = (Map::new(), Vec::new(), Map::new());
    for file in CALLS {
        for (tag, calls) in source(file) {
            tags.push(json!({"name": tag}));
            let calls = calls.as_object().expect("calls").iter();
            for (path, written) in calls.flat_map(|(path, written)| subjects::calls(path, written)) {
                let told = told.get(&path).cloned().unwrap_or_default();
                let call = Call { path: &path, tag: &tag, written: &written, told };
                let operations = call.operations(&mut responses);
                assert!(paths.insert(path.clone(), operations).is_none(), "{path} is there twice");
            }
        }
    }
    document["tags"] = tags.into();
    document["paths"] = paths.into();
    document["components"]["schemas"] = schemas.into();
    document["components"]["responses"] = responses.into();
    document
}

/// What the document of the API tells of each call.
fn told() -> BTreeMap<String, Told> {
    let text = include_str!("../../../docs/api.md");
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for section in text.split("\n### ").skip(1) {
        let (path, rest) = section.split_once('\n').expect("a line");
        let first = rest.trim_start().split("\n\n").next().unwrap_or_default();
        let text = if first.starts_with("```") || first.starts_with('|') { String::new() } else { unlinked(first) };
        let example = rest.lines().find_map(|line| line.strip_prefix("curl ")?.split_once("-d '"));
        let example = example.map(|(_, body)| {
            let body = body.trim_end_matches('\'').to_owned();
            let body = EXAMPLES.iter().fold(body, |body, (name, id)| body.replace(name, id));
            serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path}: {e}: {body}"))
        });
        told.insert(path.to_owned(), Told { text, example });
    }
    told
}

/// A paragraph on one line, without the targets of its links, which lead to other documents.
fn unlinked(paragraph: &str) -> String {
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts = line.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        let (start, rest) = (line.rfind('[').unwrap_or(line.len()), part.split_once(')').map_or("", |(_, rest)| rest));
        line[..start].to_owned() + &line[(start + 1).min(line.len())..] + rest
    })
}
