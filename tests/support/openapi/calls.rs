//! The calls of the sources, as operations of OpenAPI.
//!
//! `takes` are parameters (with `one of`, groups of which one must be there), or `body` is a body of another type;
//! `answers` is the type of `data`; one that `edits` the configuration refuses what it does not know. What is answered otherwise: `gives`, bodies by status, and `refusal`, the body of a
//! refusal. `refuses` are statuses besides the usual ones. What a call does and an example come from the document of the
//! API, if they do not stand here.

use serde_json::{Map, Value, json};

use super::types::{Side, schema};

/// What the documents say of a call.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What it does.
    pub text: String,
    /// The body of an example.
    pub example: Option<Value>,
}

/// A call of the sources.
pub struct Call<'a> {
    pub path: &'a str,
    pub tag: &'a str,
    pub written: &'a Value,
    pub told: Told,
}

const DOOR_KEYS: [&str; 3] = ["IntegrationKey", "IntegrationBearer", "IntegrationBasic"];

impl Call<'_> {
    /// The operations, by method. The responses that they refer to are added to `responses`.
    pub fn operations(&self, responses: &mut Map<String, Value>) -> Value {
        let post = json!(["post"]);
        let methods = self.written.get("methods").unwrap_or(&post).as_array().expect("methods");
        let mut operations = Map::new();
        for method in methods.iter().filter_map(Value::as_str) {
            let mut operation = self.operation(responses);
            let prefix = if methods.len() > 1 { method } else { "" };
            // `/alert/event/list` has the same words.
            let words = self.path.replace("/alert-event/", "/alert-events/");
            operation["operationId"] = json!(camel(&format!("{prefix}{words}")));
            operations.insert(method.to_owned(), operation);
        }
        operations.into()
    }

    fn operation(&self, responses: &mut Map<String, Value>) -> Value {
        let is_door = self.written["door"] == true;
        let summary = self.written["summary"].as_str().unwrap_or_else(|| first_sentence(&self.told.text));
        assert!(!summary.is_empty() && !summary.starts_with("Parameter"), "{} has no summary", self.path);
        let mut operation = json!({"tags": [self.tag], "summary": summary, "responses": self.answers(responses)});
        if self.told.text.trim_end_matches('.') != summary && !self.told.text.is_empty() {
            operation["description"] = json!(self.told.text);
        }
        if is_door {
            let parameters = ["Severity", "TitleRule", "ChannelId"];
            let reference = |name| json!({"$ref": format!("#/components/parameters/{name}")});
            operation["parameters"] = parameters.map(reference).into_iter().collect();
        }
        if let Some(keys) = self.keys() {
            operation["security"] = keys;
        }
        if let Some((schema, required)) = self.body() {
            let mut content = json!({"schema": schema});
            if let Some(example) = self.written.get("example").or(self.told.example.as_ref()) {
                content["example"] = example.clone();
            }
            operation["requestBody"] = json!({"required": required, "content": {"application/json": content}});
        }
        operation
    }

    /// Which keys open it, where those are others than usual.
    fn keys(&self) -> Option<Value> {
        let key = |name: &str| if name == "none" { json!({}) } else { json!({name: []}) };
        match self.written.get("keys") {
            Some(keys) => Some(keys.as_array()?.iter().filter_map(Value::as_str).map(key).collect()),
            None if self.written["door"] == true => {
                // PagerDuty's clients have it in the body.
                let in_body = (self.written["refusal"] == "PagerDutyAnswer").then_some("none");
                Some(DOOR_KEYS.into_iter().chain(in_body).map(key).collect())
            }
            None => None,
        }
    }

    /// The schema of the body, and whether there must be one.
    fn body(&self) -> Option<(Value, bool)> {
        if let Some(body) = self.written.get("body") {
            return Some((schema(body, Side::Given), true));
        }
        let mut parameters = schema(self.written.get("takes")?, Side::Given);
        if self.written["edits"] == true {
            // A misspelt parameter would change nothing, and nobody would notice.
            parameters["additionalProperties"] = json!(false);
            for (name, kind) in [("config_version", "integer 0.."), ("config_note", "text ..500")] {
                parameters["properties"][name] = schema(&json!({"x?": kind}), Side::Given)["properties"]["x"].take();
            }
        }
        if let Some(groups) = self.written.get("one of").and_then(Value::as_array) {
            parameters["anyOf"] = groups.iter().map(|names| json!({"required": names})).collect();
        }
        let required = parameters.get("required").is_some() || parameters.get("anyOf").is_some();
        Some((parameters, required))
    }

    fn answers(&self, responses: &mut Map<String, Value>) -> Value {
        let mut answers = Map::new();
        let done = |body: Value| {
            json!({"description": "Done", "headers": {"Flashcat-Request-Id": {"$ref": "#/components/headers/RequestId"}},
                "content": {"application/json": {"schema": body}}})
        };
        if let Some(data) = self.written.get("answers") {
            let nothing = data == "null";
            let data = schema(data, Side::Answered);
            let envelope = json!({"type": "object", "properties": {"data": data,
                "request_id": {"$ref": "#/components/schemas/RequestId"}}, "required": ["request_id", "data"],
                "additionalProperties": false});
            let answer = match nothing {
                true => {
                    responses.entry("Nothing").or_insert_with(|| done(envelope));
                    json!({"$ref": "#/components/responses/Nothing"})
                }
                false => done(envelope),
            };
            answers.insert("200".to_owned(), answer);
        }
        for (status, body) in self.written["gives"].as_object().into_iter().flatten() {
            let answer = match body.as_str() {
                Some(kind) if kind.contains('/') => {
                    json!({"description": "Done", "content": {kind: {"schema": {"type": "string"}}}})
                }
                _ => json!({"description": if status == "503" { "Not ready" } else { "Done" },
                    "content": {"application/json": {"schema": schema(body, Side::Answered)}}}),
            };
            answers.insert(status.clone(), answer);
        }
        let refusal = self.written["refusal"].as_str().unwrap_or("Refusal");
        for status in self.refusals() {
            if answers.contains_key(status) {
                continue;
            }
            let name = format!("{refusal}{status}");
            answers.insert(status.to_owned(), json!({"$ref": format!("#/components/responses/{name}")}));
            responses.entry(name).or_insert_with(|| refused(status, refusal));
        }
        answers.into()
    }

    fn refusals(&self) -> Vec<&str> {
        let usual: &[&str] = match () {
            () if self.written["door"] == true => &["400", "403", "413", "429", "500", "503"],
            () if self.written.get("takes").is_some() => &["400", "401", "403", "413", "500", "503"],
            // Without a body there is little to refuse.
            () if self.written.get("answers").is_some() => &["500", "503"],
            () => &[],
        };
        let more = self.written["refuses"].as_array().into_iter().flatten().filter_map(Value::as_str);
        usual.iter().copied().chain(more).collect()
    }
}

fn refused(status: &str, refusal: &str) -> Value {
    let (description, may_wait) = match status {
        "400" => ("The message names what is missing, wrong or not there", false),
        "401" => ("The key is missing or not a valid one", false),
        "403" => ("Whose key this is may not do this, or not now", false),
        "409" => ("Somebody else has changed it meanwhile", false),
        "413" => ("The body is larger than 1 MiB", false),
        "429" => ("Too many requests", true),
        "500" => ("The store failed", false),
        "503" => ("There is no valid configuration, or too many requests of a sender that expects this", true),
        other => panic!("{other} has no description"),
    };
    let mut headers = json!({"Flashcat-Request-Id": {"$ref": "#/components/headers/RequestId"}});
    if may_wait {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    json!({"description": description, "headers": headers,
        "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{refusal}")}}}})
}

/// Up to its end, or to a colon.
fn first_sentence(text: &str) -> &str {
    let end = [". ", ": "].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ':'])
}

/// `/incident/list-by-ids` as `incidentListByIds`.
fn camel(path: &str) -> String {
    let mut words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_ascii_uppercase() + &word[1..])
}
