//! Golden files of all calls of the Open API: for each the call that its document shows, with its answer, and what it
//! refuses: without a key, with something missing, of another type, beyond a limit, unknown.
//!
//! What is tried is made of the description, so that no parameter of any call is left out; `UPDATE_GOLDEN=1` writes the
//! answers anew, which are then to be read.

use std::collections::{BTreeMap, BTreeSet};

use alarum::api::{ACTS, ALERTS, CONFIGS, INCIDENTS, SETTINGS, WEBHOOKS};
use alarum::http::BodyError;
use alarum::settings::edits::{EDITS, LISTS};
use serde_json::{Map, Value, json};

use super::golden::collapsed;
use crate::support::documented::{Documented, Shown};
use crate::support::openapi::takes;
use crate::support::openapi::wrong::{self, Wrong, WrongBody};
use crate::support::settled::settled;
use crate::support::{World, request};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden-calls");

/// The calls that every client of Flashduty's Open API needs, and those of common commands.
const NEEDED: [&str; 72] = [
    "/member/info",
    "/person/infos",
    "/channel/infos",
    "/team/infos",
    "/incident/list",
    "/incident/list-by-ids",
    "/incident/info",
    "/incident/create",
    "/incident/ack",
    "/incident/unack",
    "/incident/wake",
    "/incident/resolve",
    "/incident/reopen",
    "/incident/snooze",
    "/incident/comment",
    "/incident/reset",
    "/incident/field/reset",
    "/incident/merge",
    "/incident/assign",
    "/incident/responder/add",
    "/incident/feed",
    "/incident/alert/list",
    "/incident/custom-action/do",
    "/alert/list",
    "/alert/info",
    "/alert/list-by-ids",
    "/alert/event/list",
    "/alert/feed",
    "/alert/merge",
    "/alert-event/list",
    "/channel/list",
    "/channel/info",
    "/channel/create",
    "/channel/update",
    "/channel/delete",
    "/channel/enable",
    "/channel/disable",
    "/channel/silence/rule/list",
    "/channel/silence/rule/create",
    "/channel/silence/rule/update",
    "/channel/silence/rule/delete",
    "/channel/silence/rule/enable",
    "/channel/silence/rule/disable",
    "/channel/inhibit/rule/list",
    "/channel/inhibit/rule/create",
    "/channel/inhibit/rule/update",
    "/channel/inhibit/rule/delete",
    "/channel/inhibit/rule/enable",
    "/channel/inhibit/rule/disable",
    "/channel/unsubscribe/rule/list",
    "/channel/unsubscribe/rule/create",
    "/channel/unsubscribe/rule/update",
    "/channel/unsubscribe/rule/delete",
    "/channel/unsubscribe/rule/enable",
    "/channel/unsubscribe/rule/disable",
    "/route/info",
    "/route/list",
    "/route/upsert",
    "/alert/pipeline/info",
    "/alert/pipeline/list",
    "/alert/pipeline/upsert",
    "/enrichment/info",
    "/enrichment/list",
    "/enrichment/upsert",
    "/webhook/history/list",
    "/webhook/history/detail",
    // Of less weight.
    "/incident/past/list",
    "/incident/disable-merge",
    "/incident/remove",
    "/alert/close",
    "/channel/list-by-integration",
    "/change/list",
];

/// All calls.
fn calls() -> BTreeSet<&'static str> {
    [INCIDENTS.as_slice(), &ACTS, &ALERTS, &SETTINGS, &WEBHOOKS, &LISTS, &EDITS, &CONFIGS]
        .concat()
        .into_iter()
        .collect()
}

/// The name of the file of a call.
fn file(path: &str) -> String {
    format!("{DIR}/{}.json", path.trim_start_matches('/').replace('/', "."))
}

/// What is tried and refused, in the order in which it is written: of each parameter one of each kind.
fn tried(call: &Shown) -> Vec<WrongBody> {
    let (path, body) = (call.path, &call.body);
    let mut one_of_each = BTreeSet::new();
    let mut types = wrong::types(path, body);
    types.sort_by_key(|wrong| wrong.body[&wrong.name].is_null());
    types.retain(|wrong| one_of_each.insert(wrong.name.clone()));
    [wrong::missing(path, body), types, wrong::limits(path, body), wrong::unknown(path, body)]
        .into_iter()
        .flatten()
        .collect()
}

/// A list with many of the same in it, in short.
fn shortened(value: Value) -> Value {
    match value {
        Value::Array(items) if items.len() > 20 => json!([format!("{} times {}", items.len(), items[0])]),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, shortened(value))).collect(),
        other => other,
    }
}

/// A case in one line: what was sent, and what was answered.
fn line(shows: &str, body: &Value, status: u16, answer: &Value) -> String {
    let error = |name: &str| answer["error"][name].clone();
    let mut case = json!({"shows": shows, "request": collapsed(settled(shortened(body.clone()))), "status": status});
    match status {
        200 => case["answer"] = settled(answer["data"].clone()),
        _ => (case["error"], case["message"]) = (error("code"), settled(error("message"))),
    }
    case.to_string()
}

/// The file of a call as it should be.
fn written(call: &Shown, refused: &[String], answer: &Value) -> String {
    let request = collapsed(settled(call.body.clone()));
    let answer = settled(answer.clone());
    let refused = refused.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join(",\n");
    let indented = |value: Value| format!("{value:#}").replace('\n', "\n  ");
    format!(
        "{{\n  \"call\": {:?},\n  \"request\": {},\n  \"answer\": {},\n  \"others\": [\n{refused}\n  ]\n}}\n",
        call.path,
        indented(request),
        indented(answer)
    )
}

/// Whether this is how something wrong has to be answered.
fn is_documented(call: &Shown, wrong: &WrongBody, status: u16, answer: &Value) -> bool {
    let code = answer["error"]["code"].as_str().unwrap_or_default();
    match (wrong.wrong, status) {
        (Wrong::Unknown, 400) => {
            // What the whole configuration would refer to is refused as a problem of it.
            let edits = [&EDITS[..], &CONFIGS].concat().contains(&call.path);
            code == "ResourceNotFound" || edits && code == "InvalidParameter"
        }
        // What is asked for by an unknown id is not there.
        (Wrong::Unknown, 200) => ASKED_FOR.iter().any(|end| call.path.ends_with(end)),
        (_, status) => status == 400 && code == "InvalidParameter",
    }
}

/// How calls end in which an id says what is to be shown.
const ASKED_FOR: [&str; 5] = ["/list", "-by-ids", "/infos", "/list-by-integration", "/replay"];

#[test]
fn every_call_has_a_golden_file_with_its_answer_and_all_that_it_refuses() {
    let mut refused: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut undocumented, mut files) = (Vec::new(), BTreeMap::new());
    let mut kinds: BTreeMap<&str, BTreeSet<Wrong>> = BTreeMap::new();
    let mut before = |world: &World, call: &Shown| {
        let lines = refused.entry(call.path).or_default();
        let (status, answer) = world.call_raw(request("POST", call.path, &call.body.to_string()));
        assert_eq!((status, &answer["error"]["code"]), (401, &json!("Unauthorized")), "{}", call.path);
        lines.push(line("without a key", &call.body, status, &answer));
        for tried in tried(call) {
            let (status, answer) = call.with(world, &tried.body);
            if !is_documented(call, &tried, status, &answer) {
                undocumented.push(format!("{} {:?} {}: {status} {answer}", call.path, tried.wrong, tried.name));
            }
            let shows = match tried.wrong {
                Wrong::Missing => format!("{} missing", tried.name),
                Wrong::Type => format!("{} of another type", tried.name),
                Wrong::Limit => format!("{} beyond a limit", tried.name),
                Wrong::Unknown => format!("{} unknown", tried.name),
            };
            lines.push(line(&shows, &tried.body, status, &answer));
            kinds.entry(call.path).or_default().insert(tried.wrong);
        }
    };
    let mut answers: Vec<(String, Shown, Value)> = Vec::new();
    let mut after = |call: &Shown, answer: &Value| {
        answers.push((file(call.path), call.clone(), answer.clone()));
    };
    Documented::new().walk_answers(&mut before, &mut after);
    for (file, call, answer) in answers {
        files.insert(file, written(&call, &refused[call.path], &answer));
    }
    assert!(undocumented.is_empty(), "{undocumented:#?}");
    for path in calls() {
        let kinds = kinds.get(path).cloned().unwrap_or_default();
        assert!(!kinds.is_empty() || takes(path).is_some_and(Map::is_empty), "{path}: nothing was refused");
    }
    compare(&files);
}

/// Holds what there is against what there should be, or writes it.
fn compare(files: &BTreeMap<String, String>) {
    let read = std::fs::read_dir(DIR).into_iter().flatten();
    let there: BTreeSet<String> =
        read.map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned()).collect();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for (file, written) in files {
        if std::fs::read_to_string(file).ok().as_ref() == Some(written) {
            continue;
        }
        match update {
            true => std::fs::write(file, written).expect("written"),
            false => wrong.push(format!("{file}\n{written}")),
        }
    }
    let unknown: Vec<_> = there.iter().filter(|file| !files.contains_key(*file)).collect();
    assert!(unknown.is_empty(), "files of no call: {unknown:#?}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_calls_that_clients_need_are_all_there() {
    let calls = calls();
    let missing: Vec<_> = NEEDED.iter().filter(|path| !calls.contains(*path)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Whatever is called, it is refused in the same way.
#[test]
fn another_method_another_body_and_one_that_is_too_large_are_refused_by_every_call() {
    Documented::new().walk(&mut |world, call| {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let (status, answer) = world.call_raw(request(method, &call.target, &call.body.to_string()));
            assert_eq!((status, &answer["error"]["code"]), (405, &json!("MethodNotAllowed")), "{method} {}", call.path);
        }
        for body in ["[]", "null", "7", "\"{}\"", "{", "{\"a\":1}x", "\u{0}", "{\"\\ud800\":1}"] {
            let (status, answer) = world.call_raw(request("POST", &call.target, body));
            let refused = (status, &answer["error"]["code"]);
            assert_eq!(refused, (400, &json!("InvalidParameter")), "{} {body:?}: {answer}", call.path);
        }
        let mut large = request("POST", &call.target, "");
        large.body = Err(BodyError::TooLarge);
        let (status, answer) = world.call_raw(large);
        assert_eq!((status, &answer["error"]["code"]), (413, &json!("EntityTooLarge")), "{}", call.path);
    });
}
