//! What holds at every path: no other origin is let in, no body is read beyond the limit, each line of the log is one of
//! those that the documentation tells.

use std::cell::RefCell;
use std::rc::Rc;

use alarum::api::{ACTS, ALERTS, CONFIGS, INCIDENTS, SETTINGS, WEBHOOKS};
use alarum::courier::Courier;
use alarum::fanout::Fanout;
use alarum::http::{Answer, BodyError, Request};
use alarum::settings::edits::{EDITS, LISTS};
use alarum::status::STATUS;
use serde_json::Value;

use crate::support::node::is_logfmt;
use crate::support::{APP_KEY, PRIVATE_KEY, World, request};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const DOORS: [&str; 12] = [
    "/event/push/alert/standard",
    "/event/push/alert/prometheus",
    "/api/v2/alerts",
    "/event/push/alert/grafana",
    "/event/push/alert/pagerduty",
    "/v2/enqueue",
    "/generic/2010-04-15/create_event.json",
    "/event/push/alert/n9e",
    "/event/push/alert/zabbix",
    "/event/push/alert/cloudwatch",
    "/event/push/change/standard",
    "/push/incident/comment-by-alert",
];

fn calls() -> Vec<&'static str> {
    [INCIDENTS.as_slice(), &ACTS, &ALERTS, &SETTINGS, &CONFIGS, &EDITS, &LISTS, &WEBHOOKS].concat()
}

fn call(world: &World, request: Request) -> Answer {
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    world.cluster.call(request, move |answer| *slot.borrow_mut() = Some(answer));
    world.cluster.run();
    result.take().expect("an answer")
}

/// The answers of those that fold and deliver.
fn inside(world: &World, request: Request) -> [Answer; 2] {
    let result = Rc::new(RefCell::new(None));
    let (slot, cluster) = (result.clone(), world.cluster.clone());
    cluster.clone().sim.spawn(1, async move {
        let (store, node, config) = (cluster.store_handle(), cluster.node(), Some(&*cluster.config));
        let (folds, _) = Fanout::default().handle(&store, &node, config, &request).await;
        let delivers = Request { path: "/retry".into(), ..request };
        *slot.borrow_mut() = Some([folds, Courier::default().handle(&store, &node, config, &delivers).await]);
    });
    world.cluster.run();
    result.take().expect("answers")
}

fn assert_closed(path: &str, answer: &Answer, allow: &str) {
    assert_eq!(answer.status, 405, "{path}");
    assert!(answer.headers.contains(&("allow", allow.to_owned())), "{path}: {:?}", answer.headers);
    assert!(
        answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")),
        "{path}: {:?}",
        answer.headers
    );
}

#[test]
fn no_component_lets_another_origin_in() {
    let mut world = World::new();
    for path in calls() {
        let answer = call(&world, request("OPTIONS", &format!("{path}?app_key={APP_KEY}"), ""));
        assert_closed(path, &answer, "POST");
        let body: Value = serde_json::from_slice(&answer.body).expect("the envelope");
        assert_eq!(body["error"]["code"], "MethodNotAllowed", "{path}");
    }
    for path in STATUS {
        assert_closed(path, &call(&world, request("OPTIONS", path, "")), "GET");
    }
    for path in DOORS {
        let target = format!("{path}?integration_key={PRIVATE_KEY}");
        assert_closed(path, &world.send(request("OPTIONS", &target, "")), "POST");
    }
    for (answer, allow) in inside(&world, request("OPTIONS", "/tick", "")).iter().zip(["GET, POST", "POST"]) {
        assert_closed("/tick", answer, allow);
    }
    // Nor where it is asked what is asked from anywhere.
    for target in ["/healthz", "/readyz", "/metrics"] {
        let answer = world.cluster.get_now(target);
        assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")));
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused_wherever_a_body_is_read() {
    let mut world = World::new();
    let large = |target: &str| Request { body: Err(BodyError::TooLarge), ..request("POST", target, "") };
    for path in calls() {
        let answer = call(&world, large(&format!("{path}?app_key={APP_KEY}")));
        assert_eq!(answer.status, 413, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
    for path in DOORS {
        let answer = world.send(large(&format!("{path}?integration_key={PRIVATE_KEY}")));
        assert_eq!(answer.status, 413, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
}

/// The files of a directory and those below it.
fn sources(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let shown = path.to_string_lossy().into_owned();
        match path.is_dir() {
            true => found.extend(sources(&shown)),
            false => found.push(std::fs::read_to_string(&path).expect("a text")),
        }
    }
    found
}

/// The formats of all lines that components log, as they stand in the sources.
fn formats() -> Vec<String> {
    let mut formats = Vec::new();
    for source in sources(&format!("{ROOT}/src")) {
        // A format that runs over lines.
        let joined = source.split("\\\n").map(str::trim_start).collect::<Vec<_>>().concat();
        for begin in [".line(", "eprintln!("] {
            for rest in joined.split(begin).skip(1) {
                let rest = rest.trim_start().trim_start_matches("&format!(").trim_start();
                if let Some(rest) = rest.strip_prefix('"') {
                    let end = rest.replace("\\\"", "''").find('"').expect("an end");
                    formats.push(rest[..end].replace("\\\"", "\""));
                }
            }
        }
    }
    formats
}

#[test]
fn every_line_of_the_log_is_logfmt_and_told_in_the_documentation() {
    let document = std::fs::read_to_string(format!("{ROOT}/docs/operations.md")).expect("the document");
    let formats: Vec<String> = formats().into_iter().filter(|format| format != "{text}").collect();
    assert!(formats.len() > 12, "{formats:#?}");
    for format in formats {
        // What is filled in, in quotes where it may be anything.
        let shown = format.replace(":?}", "}\"").replace(['{', '}'], "");
        let quoted: Vec<String> = shown
            .split(' ')
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) if value.ends_with('"') && !value.starts_with('"') => format!("{name}=\"{value}"),
                _ => pair.to_owned(),
            })
            .collect();
        assert!(is_logfmt(&quoted.join(" ")), "{format}");
        let message = format.split("msg=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a message");
        let told = if message == "delivery {what}" { "delivery given up" } else { message };
        assert!(document.contains(&format!("| `{told}` |")), "{told}");
        assert!(!format.contains("query") && !format.contains("url"), "{format}");
    }
}

#[test]
fn what_is_no_logfmt_is_found_out() {
    for line in
        ["level=warn msg=\"a b\" path=/x request=0 reason=\"it said \\\"no\\\" and \\\\\"", "level=error msg=\"x\""]
    {
        assert!(is_logfmt(line), "{line}");
    }
    for line in
        ["", "delivery failed", "level=warn", "msg=\"x\" level=warn", "level=warn msg=\"x", "level=warn msg=x y"]
    {
        assert!(!is_logfmt(line), "{line}");
    }
}
