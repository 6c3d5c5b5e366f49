//! What is configured and can be created, changed and deleted by call: a path that ends with `*` stands for those of all its
//! `verbs`. `one` is what one is called, `has` are its fields, `by` is what it is known by (`chosen` by who creates it), `in` is what it stands in;
//! `created` and `rotated` are what these calls answer.

use serde_json::{Map, Value, json};

use super::types::{Side, schema};

/// The calls that a path of the sources stands for, each as it would be written by itself.
pub fn calls(path: &str, written: &Value) -> Vec<(String, Value)> {
    let Some(subject) = path.strip_suffix('*') else { return vec![(path.to_owned(), written.clone())] };
    let verbs = written["verbs"].as_array().expect("verbs").iter().filter_map(Value::as_str);
    verbs.map(|verb| (format!("{subject}{verb}"), call(verb, written))).collect()
}

fn call(verb: &str, written: &Value) -> Value {
    let part = |name: &str| written[name].as_object().cloned().unwrap_or_default();
    let (place, by, has) = (part("in"), part("by"), part("has"));
    if verb == "list" {
        let fields = has.iter().map(|(name, field)| (format!("{}?", name.trim_end_matches('?')), field.clone()));
        let item = schema(&Value::Object(place.clone().into_iter().chain(by).chain(fields).collect()), Side::Answered);
        let items = json!({"schema": {"type": "array", "items": item}});
        return json!({"takes": place, "answers": {"items": items, "total": "integer 0.."}});
    }
    let does = match verb {
        "create" => "Creates",
        "update" => "Changes",
        "upsert" => "Creates or changes",
        "delete" => "Deletes",
        "enable" => "Enables",
        "disable" => "Disables",
        _ => "Draws another secret for",
    };
    let summary = format!("{does} {}", written["one"].as_str().expect("what one is called"));
    let (named, fields, answers): (bool, Map<String, Value>, _) = match verb {
        "create" => (written["chosen"] == true, has, &written["created"]),
        // What there must be may be left as it is.
        "update" | "upsert" => {
            let name = |name: String| if name.ends_with('?') { name } else { name + "!" };
            (true, has.into_iter().map(|(field, of)| (name(field), of)).collect(), &Value::Null)
        }
        "delete" | "enable" | "disable" => (true, Map::new(), &Value::Null),
        _ => (true, Map::new(), &written["rotated"]),
    };
    let takes: Map<String, Value> = place.into_iter().chain(by.into_iter().filter(|_| named)).chain(fields).collect();
    let answers = if answers.is_null() { json!("null") } else { answers.clone() };
    json!({"edits": true, "summary": summary, "takes": takes, "answers": answers})
}
