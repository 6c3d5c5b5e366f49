//! Answers as golden files have them: what differs from run to run is replaced by its kind.

use serde_json::{Value, json};

/// An answer with ids, times, keys and revisions replaced by their kind.
pub fn settled(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "num" => (name, json!("$NUM")),
                "search_after_ctx" if value != "" => (name, json!("$CURSOR")),
                "key" | "integration_key" if is_hex(&value, 32) => (name, json!("$KEY")),
                "secret" => (name, json!("$SECRET")),
                _ => (name, settled(value)),
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(settled).collect(),
        value if is_hex(&value, 32) => json!("$REQUEST_ID"),
        value if is_hex(&value, 24) => json!("$ID"),
        value if is_hex(&value, 16) => json!("$REVISION"),
        Value::String(text) => json!(settled_text(&text)),
        Value::Number(number) if number.as_u64() > Some(1_000_000_000_000) => json!("$MILLISECONDS"),
        Value::Number(number) if number.as_u64() > Some(1_000_000_000) => json!("$SECONDS"),
        other => other,
    }
}

fn is_hex(value: &Value, digits: usize) -> bool {
    value.as_str().is_some_and(|text| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A text with the ids, keys and times in it replaced. One that is JSON stays JSON.
fn settled_text(text: &str) -> String {
    if let Some(inner) = text.starts_with('{').then(|| serde_json::from_str::<Value>(text).ok()).flatten() {
        return settled(inner).to_string();
    }
    let mut out = String::new();
    let is_part = |c: &char| c.is_ascii_alphanumeric();
    let letters: Vec<char> = text.chars().collect();
    for run in letters.chunk_by(|a, b| is_part(a) == is_part(b)) {
        let run: String = run.iter().collect();
        let all = |test: fn(&u8) -> bool| run.as_bytes().iter().all(test);
        out += match run.len() {
            24 if all(u8::is_ascii_hexdigit) => "$ID",
            32 if all(u8::is_ascii_hexdigit) => "$KEY",
            10 if all(u8::is_ascii_digit) => "$SECONDS",
            _ => &run,
        };
    }
    out
}
