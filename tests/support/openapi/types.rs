//! The types of the sources, as JSON Schemas.
//!
//! A type is written as a text: `text`, `integer`, `number`, `boolean`, `scalar`, `any`, `null`, the name of another type,
//! `[T]` (an array), `{T}` (an object with any names), `A or B`, `one of a, b`, `words of a, b` (with commas between them).
//! `3..200` behind it limits length, number or items; `or empty` lets texts be empty besides. An array is a type and what
//! it is; an object has fields, of which those with a `?` may be left out or be `null`, those with a `!` be left out alone;
//! `{"schema": …}` is one as it stands.

use serde_json::{Map, Value, json};

/// Who says something: what is answered has exactly the fields that are described; of what is sent, unknown fields are
/// ignored, and `null` counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Given,
    Answered,
}

/// The schema of a type.
pub fn schema(written: &Value, side: Side) -> Value {
    match written {
        Value::String(text) => expression(text),
        Value::Array(both) => {
            let mut schema = schema(&both[0], side);
            schema["description"] = both[1].clone();
            schema
        }
        Value::Object(fields) if fields.contains_key("schema") => fields["schema"].clone(),
        Value::Object(fields) => object(fields, side),
        other => panic!("{other} is no type"),
    }
}

fn object(fields: &Map<String, Value>, side: Side) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (written, field) in fields {
        let field = schema(field, side);
        match written.strip_suffix(['?', '!']) {
            Some(name) if side == Side::Given && written.ends_with('?') => {
                properties.insert(name.to_owned(), or_null(field))
            }
            Some(name) => properties.insert(name.to_owned(), field),
            None => {
                required.push(written.as_str());
                properties.insert(written.clone(), field)
            }
        };
    }
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    if side == Side::Answered {
        object["additionalProperties"] = json!(false);
    }
    object
}

/// The same, or `null`.
fn or_null(mut schema: Value) -> Value {
    let fields = schema.as_object_mut().expect("an object");
    match fields.get("type") {
        Some(Value::String(kind)) if !fields.contains_key("enum") => fields["type"] = json!([kind, "null"]),
        // Anything, or what can be null by itself.
        None if !fields.contains_key("$ref") && !fields.contains_key("anyOf") => {}
        _ => {
            let description = fields.remove("description");
            let mut either = json!({"anyOf": [schema, {"type": "null"}]});
            either.as_object_mut().expect("an object").extend(description.map(|text| ("description".to_owned(), text)));
            return either;
        }
    }
    schema
}

fn expression(text: &str) -> Value {
    if let Some(words) = text.strip_prefix("one of ") {
        return json!({"type": "string", "enum": words.split(", ").collect::<Vec<_>>()});
    }
    if let Some(words) = text.strip_prefix("words of ") {
        let word = format!(r"\s*({})?\s*", words.replace(", ", "|"));
        return json!({"type": "string", "pattern": format!("^{word}(,{word})*$")});
    }
    if let Some(text) = text.strip_suffix(" or empty") {
        return json!({"anyOf": [expression(text), {"type": "string", "maxLength": 0}]});
    }
    let (mut depth, mut kinds) = (0, vec![String::new()]);
    for word in text.split(' ') {
        match word {
            "or" if depth == 0 => kinds.push(String::new()),
            word => {
                depth += word.matches(['[', '{']).count();
                depth -= word.matches([']', '}']).count();
                let kind = kinds.last_mut().expect("one");
                kind.push_str(if kind.is_empty() { "" } else { " " });
                kind.push_str(word);
            }
        }
    }
    match kinds.as_slice() {
        [kind] => limited(kind),
        kinds => json!({"anyOf": kinds.iter().map(|kind| limited(kind)).collect::<Vec<_>>()}),
    }
}

/// A type with its limits.
fn limited(text: &str) -> Value {
    let Some((kind, range)) = text.rsplit_once(' ').filter(|(_, range)| range.contains("..")) else {
        return plain(text);
    };
    let mut schema = plain(kind);
    let (least, most) = match schema["type"].as_str().expect("a type with limits") {
        "string" => ("minLength", "maxLength"),
        "array" => ("minItems", "maxItems"),
        _ => ("minimum", "maximum"),
    };
    let (from, to) = range.split_once("..").expect("a range");
    for (limit, number) in [(least, from), (most, to)] {
        if !number.is_empty() {
            schema[limit] = serde_json::from_str(number).expect("a number");
        }
    }
    schema
}

fn plain(kind: &str) -> Value {
    let inside = |open, close| kind.strip_prefix(open)?.strip_suffix(close);
    match kind {
        "text" => json!({"type": "string"}),
        "integer" | "number" | "boolean" | "null" => json!({"type": kind}),
        "scalar" => json!({"type": ["string", "number", "boolean"]}),
        "any" => json!({}),
        _ => match (inside("[", "]"), inside("{", "}")) {
            (Some(items), _) => json!({"type": "array", "items": expression(items)}),
            (_, Some("any")) => json!({"type": "object"}),
            (_, Some(values)) => json!({"type": "object", "additionalProperties": expression(values)}),
            _ => {
                assert!(kind.starts_with(|c: char| c.is_ascii_uppercase()), "{kind} is no type");
                json!({"$ref": format!("#/components/schemas/{kind}")})
            }
        },
    }
}
