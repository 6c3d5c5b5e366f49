//! What a call refuses, made of what it takes: bodies that lack what is required, and that have something of another type,
//! beyond a limit, or unknown in them.

use serde_json::{Map, Value, json};

use super::checks::{body, resolved, schema_problems, takes};

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    Missing,
    Type,
    Limit,
    Unknown,
}

/// A body with something wrong, and what that is.
pub struct WrongBody {
    pub wrong: Wrong,
    /// The parameter; several of which one must be there, with commas.
    pub name: String,
    pub body: Value,
}

/// Ids of people, of what stands in the configuration, and the like, which nothing has.
const UNKNOWN_NUMBER: i64 = 424_242;
/// The same of incidents, alerts, events and rules.
const UNKNOWN_ID: &str = "0123456789abcdef01234567";

/// A day more than a month.
const MONTH_S: u64 = 31 * 24 * 3600;

/// The groups of parameters of which one must be there.
pub fn groups(path: &str) -> Vec<Vec<&'static str>> {
    let schema = &body(path).expect("described")["schema"];
    let group = |names: &'static Value| {
        names["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    schema["anyOf"].as_array().into_iter().flatten().map(group).filter(|group| !group.is_empty()).collect()
}

fn without(body: &Value, names: &[&str]) -> Value {
    let mut body = body.clone();
    body.as_object_mut().expect("an object").retain(|name, _| !names.contains(&name.as_str()));
    body
}

/// Bodies without something that there must be.
pub fn missing(path: &str, given: &Value) -> Vec<WrongBody> {
    let schema = &body(path).expect("described")["schema"];
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut left_out: Vec<Vec<&str>> = required.map(|name| vec![name]).collect();
    left_out.extend(Some(groups(path).concat()).filter(|names| !names.is_empty()));
    // Of parameters that belong together each is required.
    let whole = groups(path).into_iter().filter(|group| group.len() > 1);
    let whole = whole.filter(|group| group.iter().all(|name| given.get(name).is_some()));
    left_out.extend(whole.flatten().map(|name| vec![name]));
    let wrong =
        |names: Vec<&str>| WrongBody { wrong: Wrong::Missing, name: names.join(", "), body: without(given, &names) };
    left_out.into_iter().map(wrong).collect()
}

/// What a parameter is tried in: a body without those that could stand in its place.
fn around(path: &str, given: &Value, name: &str) -> Value {
    let groups = groups(path);
    let belongs = |group: &&Vec<&str>| group.contains(&name);
    let others: Vec<&str> = groups.iter().filter(|group| !belongs(group)).flatten().copied().collect();
    if groups.iter().any(|group| belongs(&group)) { without(given, &others) } else { given.clone() }
}

/// The body with values in place of a parameter.
fn with(path: &str, given: &Value, wrong: Wrong, name: &str, values: Vec<Value>) -> Vec<WrongBody> {
    let put = |value| {
        let mut body = around(path, given, name);
        body[name] = value;
        WrongBody { wrong, name: name.to_owned(), body }
    };
    values.into_iter().map(put).collect()
}

/// Something of every type; arrays and objects have in them what nothing has.
fn of_every_type() -> [Value; 6] {
    [json!(null), json!(true), json!(-7.5), json!("no such thing"), json!([[1]]), json!({"x": [1]})]
}

/// Bodies with something that is not described in place of each parameter.
pub fn types(path: &str, given: &Value) -> Vec<WrongBody> {
    let mut found = Vec::new();
    for (name, schema) in takes(path).expect("parameters") {
        let wrong = of_every_type().into_iter().filter(|wrong| !schema_problems(schema, wrong).is_empty());
        found.extend(with(path, given, Wrong::Type, name, wrong.collect()));
    }
    found
}

/// Bodies with a parameter that is of its type and too long, too short, too many, too large or none of the words.
pub fn limits(path: &str, given: &Value) -> Vec<WrongBody> {
    let mut found = Vec::new();
    let parameters = takes(path).expect("parameters");
    for (name, schema) in parameters {
        let mut values = Vec::new();
        beyond(schema, given.get(name), &mut values);
        values.retain(|value| !schema_problems(schema, value).is_empty());
        values.dedup();
        found.extend(with(path, given, Wrong::Limit, name, values));
    }
    let seconds = |schema: &Value| schema.to_string().contains("/UnixSeconds\"");
    if parameters.get("end_time").is_some_and(seconds) && given["start_time"].is_u64() {
        let start = given["start_time"].as_u64().unwrap_or_default();
        let ends = vec![json!(start + MONTH_S + 1), json!(start.saturating_sub(1))];
        found.extend(with(path, given, Wrong::Limit, "end_time", ends));
    }
    if parameters.get("p").is_some_and(|schema| schema.to_string().contains("/Page\"")) {
        let mut deep = given.clone();
        (deep["p"], deep["limit"]) = (json!(101), json!(100));
        deep.as_object_mut().expect("an object").remove("search_after_ctx");
        found.push(WrongBody { wrong: Wrong::Limit, name: "p".to_owned(), body: deep });
    }
    found
}

/// Values at the far sides of what limits a schema has.
fn beyond(schema: &'static Value, given: Option<&Value>, found: &mut Vec<Value>) {
    let schema = resolved(schema);
    for either in schema["anyOf"].as_array().into_iter().flatten() {
        beyond(either, given, found);
    }
    let limit = |name: &str| schema[name].as_u64().map(|limit| limit as usize);
    found.extend(limit("maxLength").map(|most| json!("x".repeat(most + 1))));
    found.extend(limit("minLength").filter(|least| *least > 0).map(|least| json!("x".repeat(least - 1))));
    found.extend(limit("maximum").map(|most| json!(most + 1)));
    found.extend(limit("minimum").map(|least| json!(least as i64 - 1)));
    let number = schema["items"]["type"] == "integer";
    let item = given.and_then(|given| given.get(0)).cloned().unwrap_or(if number { json!(1) } else { json!("x") });
    found.extend(limit("maxItems").map(|most| json!(vec![item; most + 1])));
    found.extend(limit("minItems").filter(|least| *least > 0).map(|_| json!([])));
    let words = schema.get("pattern").is_some() || schema["enum"][0].is_string();
    found.extend(words.then(|| json!("another")));
}

/// Bodies with an id that nothing has.
pub fn unknown(path: &str, given: &Value) -> Vec<WrongBody> {
    let parameters = takes(path).expect("parameters");
    let names = parameters.keys().filter(|name| names_something(path, name, parameters));
    let value = |name: &str| {
        let fits = |value: &Value| schema_problems(&parameters[name], value).is_empty();
        let values = [json!(UNKNOWN_NUMBER), json!(UNKNOWN_ID), json!([UNKNOWN_NUMBER]), json!([UNKNOWN_ID])];
        values.into_iter().find(fits).expect("one of them")
    };
    names.flat_map(|name| with(path, given, Wrong::Unknown, name, vec![value(name)])).collect()
}

/// Whether a parameter says which of the things that there are is meant.
fn names_something(path: &str, name: &str, parameters: &Map<String, Value>) -> bool {
    let verb = path.rsplit('/').next().unwrap_or_default();
    // Who creates these chooses what they are called.
    let chosen = ["schema_id", "cal_id", "field_name", "name"].contains(&name);
    match name {
        _ if chosen => !["create", "upsert"].contains(&verb),
        "num" | "nums" => true,
        "from" | "to" => parameters.len() == 2,
        "version" => path == "/config/restore",
        // What is not there at all, and a remark about where a silence comes from.
        "team_id" | "team_ids" | "managing_team_ids" | "from_incident_id" => false,
        name => name.ends_with("_id") || name.ends_with("_ids"),
    }
}
