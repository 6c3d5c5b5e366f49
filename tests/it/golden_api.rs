//! Golden files of the calls that ask about intake: what was pushed before, the call, and its answer.
//!
//! Ids, times and revisions are replaced by their kind. `UPDATE_GOLDEN=1` writes the answers anew.

use serde_json::{Value, json};

use crate::support::{GOLDEN, World, request, with_keys};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden-api");

/// An answer with what differs from run to run replaced by its kind.
fn settled(value: Value) -> Value {
    let hex = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "num" => (name, json!("$NUM")),
                "search_after_ctx" if value != "" => (name, json!("$CURSOR")),
                _ => (name, settled(value)),
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(settled).collect(),
        Value::String(text) if hex(&text, 32) => json!("$REQUEST_ID"),
        Value::String(text) if hex(&text, 24) => json!("$ID"),
        Value::String(text) if hex(&text, 16) => json!("$REVISION"),
        Value::String(text) => {
            // Ids within a sentence.
            let words = text.split(' ').map(|word| match word.trim_end_matches([',', ':', ';']) {
                id if hex(id, 24) => word.replace(id, "$ID"),
                _ => word.to_owned(),
            });
            json!(words.collect::<Vec<_>>().join(" "))
        }
        Value::Number(number) if number.as_u64() > Some(1_000_000_000_000) => json!("$MILLISECONDS"),
        Value::Number(number) if number.as_u64() > Some(1_000_000_000) => json!("$SECONDS"),
        other => other,
    }
}

fn run(case: &Value) -> Value {
    let mut world = World::by_stored(GOLDEN);
    for push in case["pushes"].as_array().into_iter().flatten() {
        let target = with_keys(push["target"].as_str().expect("a target"));
        let answer = world.send(request("POST", &target, &push["body"].to_string()));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
    for before in case["calls_before"].as_array().into_iter().flatten() {
        let (status, answer) = world.call(before["path"].as_str().expect("a path"), &before["body"]);
        assert_eq!(status, 200, "{answer}");
    }
    let now = world.cluster.sim.now().secs();
    let mut call = case["call"]["body"].clone();
    if case["call"]["window"] == true {
        (call["start_time"], call["end_time"]) = (json!(now - 3600), json!(now + 60));
    }
    if let Some(which) = case["call"]["incident"].as_u64() {
        call["incident_id"] = world.incidents()[which as usize]["incident_id"].clone();
    }
    if let Some(which) = case["call"]["alert"].as_u64() {
        let of = json!({"incident_id": world.incidents()[which as usize]["incident_id"]});
        call["alert_id"] = world.call("/incident/alert/list", &of).1["data"]["items"][0]["alert_id"].clone();
    }
    let (status, body) = world.call(case["call"]["path"].as_str().expect("a path"), &call);
    json!({"status": status, "body": settled(body)})
}

#[test]
fn every_call_is_answered_as_its_file_says() {
    let read = std::fs::read_dir(DIR).expect("a directory");
    let mut files: Vec<_> = read.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 8, "{}", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a file");
        let mut case: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let answer = run(&case);
        if case["answer"] == answer {
            continue;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            case["answer"] = answer;
            std::fs::write(&path, format!("{case:#}\n")).expect("written");
        } else {
            wrong.push(format!("{}\n{answer:#}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}
