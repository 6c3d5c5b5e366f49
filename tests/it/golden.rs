//! Golden files: what real senders send, what they are answered, and what is stored of it.
//!
//! Each file in `tests/golden/<door>/` holds a request and, as the handler gave them, the answer and the journal's
//! entries. `UPDATE_GOLDEN=1 cargo test --test it golden` writes them anew; what changed is then to be read.

use std::path::{Path, PathBuf};

use alarum::http::Request;
use alarum::journal::Record;
use serde_json::{Map, Value, json};

use crate::support::{GOLDEN, PRIVATE_KEY, SHARED_KEY, UNROUTED_KEY, World};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

fn files() -> Vec<PathBuf> {
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let read = std::fs::read_dir(dir).expect("a directory");
        read.map(|entry| entry.expect("an entry").path()).collect()
    };
    let mut files: Vec<PathBuf> = entries(Path::new(DIR)).iter().flat_map(|door| entries(door)).collect();
    files.sort();
    files
}

/// The keys of the tests' integrations, where a file names them.
fn with_keys(text: &str) -> String {
    [
        ("$PRIVATE", PRIVATE_KEY),
        ("$SHARED", SHARED_KEY),
        ("$UNROUTED", UNROUTED_KEY),
        ("$MAPPED", "mapped-key-0123456789"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, key)| text.replace(name, key))
}

fn request(case: &Value) -> Request {
    let text = |value: &Value| with_keys(value.as_str().unwrap_or_default());
    let target = text(&case["target"]);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let header = |name: &str| case["headers"].get(name).map(text);
    let body = match &case["body"] {
        Value::String(raw) => with_keys(raw),
        body => with_keys(&body.to_string()),
    };
    Request {
        method: text(&case["method"]),
        path: path.to_owned(),
        query: query.to_owned(),
        content_type: header("content-type"),
        authorization: header("authorization").map(Into::into),
        user_agent: header("user-agent"),
        body: Ok(body.into()),
    }
}

/// Sends the request of a case; the answer, and what was stored of it.
fn run(case: &Value) -> (Value, Value) {
    let mut world = World::with_config(GOLDEN);
    // Nothing folds, so that the journal keeps what it was given.
    world.cluster.lost_wakes.set(1000);
    let answer = world.send(request(&case["request"]));
    let request_id = answer.headers.iter().find(|(name, _)| *name == "flashcat-request-id").map(|(_, id)| id.clone());
    let request_id = request_id.expect("every answer has a request id");
    let text = String::from_utf8(answer.body).expect("text").replace(&request_id, "$REQUEST_ID");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    let shown = |name: &&str| !["flashcat-request-id", "content-type"].contains(name);
    let headers: Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| shown(name))
        .map(|(name, value)| ((*name).into(), json!(value)))
        .collect();
    let mut shown = json!({"status": answer.status, "body": body});
    if !headers.is_empty() {
        shown["headers"] = headers.into();
    }
    if !world.cluster.fetched.borrow().is_empty() {
        shown["fetched"] = json!(*world.cluster.fetched.borrow());
    }
    let records = world.cluster.store.keys().into_iter().filter(|key| key.starts_with("alarum:1:j:"));
    let stored = records.flat_map(|key| {
        let value = world.cluster.store.value(&key).expect("a value");
        Record::decode(&value[1..]).expect("a record").accepted
    });
    // Which configuration it was taken in under says nothing here, and changes with every edit of it.
    let stored = stored.map(|accepted| {
        let mut entry = serde_json::to_value(accepted).expect("plain data");
        entry.as_object_mut().map(|fields| fields.remove("config"));
        entry
    });
    (shown, stored.collect())
}

#[test]
fn every_request_is_answered_and_stored_as_its_file_says() {
    let files = files();
    assert!(files.len() >= 80, "{}", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a file");
        let mut case: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(case["about"].as_str().is_some_and(|about| about.len() > 10), "{}", path.display());
        let (answer, accepted) = run(&case);
        if (&case["answer"], &case["accepted"]) == (&answer, &accepted) {
            continue;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            (case["answer"], case["accepted"]) = (answer, accepted);
            let text = serde_json::to_string_pretty(&case).expect("plain data") + "\n";
            std::fs::write(&path, text).expect("written");
        } else {
            wrong.push(format!("{}\nanswer {answer:#}\naccepted {accepted:#}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}
