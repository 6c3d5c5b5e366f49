//! Golden files: what is sent, what it is answered, what is stored of it, and what stands on the board afterwards.
//!
//! Each file in `tests/golden/<subject>/` holds a request, or several one after the other, and what followed, as the
//! handlers gave it. `UPDATE_GOLDEN=1 cargo test --test it golden` writes that part anew; what changed is then to be
//! read. `docs/protocol-tests.md` says how the files are written, and which one shows what.

use std::path::{Path, PathBuf};

use alarum::http::{Answer, BODY_LIMIT, BodyError, Request};
use alarum::journal::{Accepted, Record};
use serde_json::{Map, Value, json};

use crate::support::{GOLDEN, World, with_keys};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// From so many equal characters on, a text is written as `<x*100>`.
const RUN: usize = 100;

/// What is shown of an incident: all that is not an id or a time.
const SHOWN: [&str; 8] = [
    "title",
    "incident_severity",
    "incident_status",
    "progress",
    "labels",
    "alert_cnt",
    "alert_event_cnt",
    "channel_id",
];

/// Every golden file, in order.
pub fn files() -> Vec<PathBuf> {
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let read = std::fs::read_dir(dir).expect("a directory");
        read.map(|entry| entry.expect("an entry").path()).collect()
    };
    let mut files: Vec<PathBuf> = entries(Path::new(DIR)).iter().flat_map(|door| entries(door)).collect();
    files.sort();
    files
}

/// The case in a file.
pub fn case(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The requests of a case, as they are written.
pub fn requests(case: &Value) -> Vec<&Value> {
    match &case["requests"] {
        Value::Array(requests) => requests.iter().collect(),
        _ => vec![&case["request"]],
    }
}

/// The request that is written so.
pub fn request(written: &Value) -> Request {
    let text = |value: &Value| expanded(&with_keys(value.as_str().unwrap_or_default()));
    let target = text(&written["target"]);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let header = |name: &str| written["headers"].get(name).map(text);
    let body = match &written["body"] {
        Value::String(raw) => expanded(&with_keys(raw)),
        body => expanded(&with_keys(&body.to_string())),
    };
    // The component reads no further than the limit.
    let too_large = written["body_bytes"].as_u64().is_some_and(|bytes| bytes > BODY_LIMIT as u64);
    Request {
        method: text(&written["method"]),
        path: path.to_owned(),
        query: query.to_owned(),
        content_type: header("content-type"),
        authorization: header("authorization").map(Into::into),
        user_agent: header("user-agent"),
        body: if too_large { Err(BodyError::TooLarge) } else { Ok(body.into()) },
    }
}

/// Writes `<x*100>` out.
fn expanded(text: &str) -> String {
    let mut parts = text.split('<');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let run = part.split_once('>').and_then(|(run, rest)| {
            let (unit, count) = run.split_once('*')?;
            Some((unit.repeat(count.parse().ok()?), rest))
        });
        match run {
            Some((run, rest)) => out.extend([run.as_str(), rest]),
            None => out.extend(["<", part]),
        }
    }
    out
}

/// The opposite, in all texts of a value; names are short enough.
pub fn collapsed(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(collapsed_text(&text)),
        Value::Array(items) => items.into_iter().map(collapsed).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(k, v)| (collapsed_text(&k), collapsed(v))).collect())
        }
        other => other,
    }
}

fn collapsed_text(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let runs = letters.chunk_by(|a, b| a == b).map(|run| match run {
        [first, ..] if run.len() >= RUN => format!("<{first}*{}>", run.len()),
        short => short.iter().collect(),
    });
    runs.collect()
}

/// Sends the requests of a case, each as often as it says (`times`) and so many seconds after the one before it
/// (`wait_s`). The last answer to each. Where nothing folds, the journal keeps what it was given.
fn play(case: &Value, folds: bool) -> (World, Vec<Answer>) {
    let mut world = World::with_config(GOLDEN);
    world.cluster.lost_wakes.set(if folds { 0 } else { 1000 });
    if case["store"] == "fails" {
        world.cluster.store.fail_before.set(1000);
    }
    let answers = requests(case).into_iter().map(|written| {
        for _ in 0..written["wait_s"].as_u64().unwrap_or_default() {
            world.cluster.sim.advance_ms(1000);
            if folds {
                world.cluster.tick();
            }
        }
        let times = written["times"].as_u64().unwrap_or(1);
        (0..times).map(|_| world.send(request(written))).last().expect("sent at least once")
    });
    let answers = answers.collect();
    (world, answers)
}

fn shown(answer: Answer) -> Value {
    let request_id = answer.headers.iter().find(|(name, _)| *name == "flashcat-request-id").map(|(_, id)| id.clone());
    let request_id = request_id.expect("every answer has a request id");
    let text = String::from_utf8(answer.body).expect("text").replace(&request_id, "$REQUEST_ID");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    let told = |name: &&str| !["flashcat-request-id", "content-type"].contains(name);
    let headers: Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| told(name))
        .map(|(name, value)| ((*name).into(), json!(value)))
        .collect();
    let mut shown = json!({"status": answer.status, "body": body});
    if !headers.is_empty() {
        shown["headers"] = headers.into();
    }
    collapsed(shown)
}

/// What the journal was given, where nothing folds.
pub fn journal(world: &World) -> Vec<Accepted> {
    let records = world.cluster.store.keys().into_iter().filter(|key| key.starts_with("alarum:1:j:"));
    let entries = records.flat_map(|key| {
        let value = world.cluster.store.value(&key).expect("a value");
        Record::decode(&value[1..]).expect("a record").accepted
    });
    entries.collect()
}

/// The same, as it is shown.
fn accepted(world: &World) -> Value {
    // Which configuration it was taken in under says nothing here, and changes with every edit of it.
    let stored = journal(world).into_iter().map(|accepted| {
        let mut entry = serde_json::to_value(accepted).expect("plain data");
        entry.as_object_mut().map(|fields| fields.remove("config"));
        entry
    });
    collapsed(stored.collect())
}

/// What the lists show, the oldest incident first, each with its comments.
fn incidents(world: &World) -> Value {
    let mut incidents = world.incidents();
    // Of incidents of one second the order follows from the clock's microseconds, which says nothing here.
    incidents.sort_by_key(|i| (i["start_time"].as_u64(), i["title"].to_string(), i["channel_id"].as_i64()));
    let shown = incidents.iter().map(|incident| {
        let mut shown: Map<String, Value> = SHOWN.iter().map(|name| ((*name).into(), incident[name].clone())).collect();
        let (_, feed) =
            world.call("/incident/feed", &json!({"incident_id": incident["incident_id"], "types": ["i_comm"]}));
        let comments = feed["data"]["items"].as_array().into_iter().flatten();
        let comments: Vec<Value> = comments.map(|item| item["detail"]["comment"].clone()).collect();
        if !comments.is_empty() {
            shown.insert("comments".into(), comments.into());
        }
        Value::Object(shown)
    });
    collapsed(shown.collect())
}

/// The case, with what followed in place of what its file says.
fn run(case: &Value) -> Value {
    let mut case = case.clone();
    let (world, answers) = play(&case, false);
    let mut answers: Vec<Value> = answers.into_iter().map(shown).collect();
    let fetched = world.cluster.fetched.borrow();
    if let (Some(last), false) = (answers.last_mut(), fetched.is_empty()) {
        last["fetched"] = json!(*fetched);
    }
    case["accepted"] = accepted(&world);
    if case.get("incidents").is_some() {
        let (world, _) = play(&case, true);
        case["incidents"] = incidents(&world);
    }
    match case.get_mut("requests").and_then(Value::as_array_mut) {
        Some(requests) => requests.iter_mut().zip(answers).for_each(|(request, answer)| request["answer"] = answer),
        None => case["answer"] = answers.remove(0),
    }
    case
}

#[test]
fn every_request_is_answered_and_stored_as_its_file_says() {
    let files = files();
    assert!(files.len() >= 80, "{}", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let written = case(&path);
        assert!(written["about"].as_str().is_some_and(|about| about.len() > 10), "{}", path.display());
        let found = run(&written);
        if written == found {
            continue;
        }
        let text = serde_json::to_string_pretty(&found).expect("plain data") + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, text).expect("written");
        } else {
            wrong.push(format!("{}\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn a_run_is_written_short_and_read_long() {
    let long = format!("a{}<b>", "é".repeat(300));
    assert_eq!(collapsed_text(&long), "a<é*300><b>");
    assert_eq!(expanded("a<é*300><b>"), long);
    assert_eq!(expanded("<ab*2> 1 < 2 * 3 > 4 <"), "abab 1 < 2 * 3 > 4 <");
}
