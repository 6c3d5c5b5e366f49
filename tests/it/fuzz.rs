//! Hostile input at every door: no panic, no answer of 500 or above, nothing stored of what is refused, and time that
//! grows no faster than the input.
//!
//! `ALARUM_FUZZ_CASES` says how many cases each property gets; the default is for every run of the tests, a large number
//! for a run of hours.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use alarum::http::{Answer, BODY_LIMIT, Request};
use alarum::ingest::Ingest;
use alarum::intake::{AlertEvent, Status};
use alarum::journal::{Record, What};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::golden;
use crate::support::{self, Cluster, GOLDEN, hostile};

/// How many cases a property gets where nobody says.
const CASES: u32 = 300;
/// What grows in proportion takes twice as long for twice the input, what grows by its square four times; the rest is
/// for a busy machine.
const GROWTH: u32 = 8;
/// Below this a clock tells nothing, because others take their turns meanwhile. A mebibyte in quadratic time takes minutes.
const FLOOR: Duration = Duration::from_millis(50);

pub fn runner() -> TestRunner {
    let cases = std::env::var("ALARUM_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    // A failure is shown with its smallest input; that belongs into a test of its own, not into a file of seeds.
    TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() })
}

/// One request to a new instance on an empty store: the answer, and what is stored.
fn sent(cluster: &Rc<Cluster>, request: &Request) -> (Answer, Vec<(String, Vec<u8>)>) {
    let (ingest, node, mut handle) = (Ingest::default(), cluster.node(), cluster.store_handle());
    handle.store = Rc::default();
    let (answer, _) = {
        let mut call = std::pin::pin!(ingest.handle(&handle, &node, Some(&cluster.config), request));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match call.as_mut().poll(&mut context) {
                Poll::Ready(done) => break done,
                Poll::Pending => cluster.sim.advance_ms(1),
            }
        }
    };
    let store = handle.store;
    let stored = store.keys().into_iter().map(|key| (key.clone(), store.value(&key).expect("a value"))).collect();
    (answer, stored)
}

/// What holds of every answer, whatever was sent.
fn judge(path: &str, answer: &Answer, stored: &[(String, Vec<u8>)]) -> Result<(), TestCaseError> {
    let shown = String::from_utf8_lossy(&answer.body);
    prop_assert!(answer.status < 500, "{} {shown}", answer.status);
    let id = answer.headers.iter().find(|(name, _)| *name == "flashcat-request-id").map(|(_, id)| id.as_str());
    prop_assert!(id.is_some_and(|id| id.len() == 32), "{:?}", answer.headers);
    let body: Value = serde_json::from_slice(&answer.body).map_err(|e| TestCaseError::fail(format!("{e}: {shown}")))?;
    let refused = answer.status >= 400;
    let said = match path {
        "/api/v2/alerts" if refused => body.is_string(),
        // PagerDuty's clients look for these words and for no envelope.
        _ if body["status"].is_string() => (body["status"] == "success") != refused,
        _ => body["request_id"].as_str() == id && body.get("error").is_some_and(Value::is_object) == refused,
    };
    prop_assert!(said, "{} {shown}", answer.status);
    prop_assert!(!refused || stored.is_empty(), "{} {shown} but {stored:?}", answer.status);
    let records = stored
        .iter()
        .filter(|(key, value)| key.starts_with("alarum:1:j:") && !key.contains('.') && value.first() == Some(&b'w'));
    for (_, value) in records {
        let record = Record::decode(&value[1..]).map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
        for accepted in &record.accepted {
            if let What::Event(arrival) = &accepted.what {
                within_limits(&arrival.event)?;
            }
        }
    }
    Ok(())
}

fn within_limits(event: &AlertEvent) -> Result<(), TestCaseError> {
    let at_most = |text: &str, chars| text.chars().nth(chars).is_none();
    prop_assert!(at_most(&event.title, 512) && at_most(&event.title_rule, 512), "{event:?}");
    prop_assert!(event.status == Status::Ok || !event.title.is_empty(), "{event:?}");
    prop_assert!(!event.alert_key.is_empty() && at_most(&event.alert_key, 255), "{event:?}");
    prop_assert!(at_most(&event.description, 2048) && event.labels.len() <= 50, "{event:?}");
    prop_assert!(event.labels.iter().all(|(name, value)| at_most(name, 128) && at_most(value, 2048)), "{event:?}");
    prop_assert!(event.images.iter().all(|image| at_most(&image.src, 256) && at_most(&image.alt, 128)), "{event:?}");
    Ok(())
}

/// The bodies of the golden files, those of a door first; how many those are.
fn bodies(path: &str) -> (Vec<Value>, usize) {
    let requests: Vec<Request> = golden::files()
        .iter()
        .flat_map(|file| golden::requests(&golden::case(file)).into_iter().map(golden::request).collect::<Vec<_>>())
        .collect();
    let (own, other): (Vec<_>, Vec<_>) = requests.into_iter().partition(|request| request.path == path);
    let count = own.len();
    let read = |request: Request| serde_json::from_slice(&request.body.unwrap_or_default()).unwrap_or_default();
    (own.into_iter().chain(other).map(read).collect(), count)
}

fn attack(path: &str) {
    let cluster = Cluster::new(1, GOLDEN, 1, 1);
    let (bodies, own) = bodies(path);
    let own = if own == 0 { bodies.len() } else { own };
    let body = prop_oneof![4 => 0..own, 1 => 0..bodies.len()];
    let keys =
        ["$PRIVATE", "$SHARED", "$MAPPED", "$TEMPLATED", "$PARTLY", "$UNROUTED", "$DISABLED", "$LIMITED", "none"];
    let key = prop_oneof![3 => Just("$PRIVATE"), 1 => prop::sample::select(keys.to_vec())];
    let query = prop_oneof![
        6 => Just(String::new()),
        1 => "&(severity|channel_id|title_rule|token)=[A-Za-z0-9%+$:{}-]{0,20}",
        1 => "[&=%a-z0-9\\PC]{0,20}",
    ];
    let header = || prop::option::weighted(0.05, "\\PC{0,20}|(Bearer|Basic) [A-Za-z0-9+/=]{0,12}|text/plain");
    let input = (hostile::harm(), body, key, query, (header(), header(), header()));
    let (taken, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let result = runner().run(&input, |((changes, damages), nth, key, query, (content_type, authorization, agent))| {
        let body = hostile::harmed(bodies[nth].clone(), &changes, &damages);
        let request = Request {
            content_type: content_type.or(Some("application/json".into())),
            authorization: authorization.map(Into::into),
            user_agent: agent,
            query: support::with_keys(&format!("integration_key={key}{query}")),
            body: Ok(body),
            ..support::request("POST", path, "")
        };
        let (answer, stored) = sent(&cluster, &request);
        let count = if answer.status < 400 { &taken } else { &refused };
        count.set(count.get() + 1);
        judge(path, &answer, &stored)
    });
    result.unwrap_or_else(|failure| panic!("{path}: {failure}"));
    // Harm that nothing survives would show nothing, and so would harm that does none.
    let (taken, refused) = (taken.get(), refused.get());
    println!("{path}: {taken} taken, {refused} refused");
    assert!(taken.min(refused) > 0 || taken + refused < 200, "{path}: {taken} taken, {refused} refused");
}

/// Every path, each with a test of its own.
macro_rules! doors {
    ($($name:ident $path:literal)*) => {
        const PATHS: &[&str] = &[$($path),*];
        $(#[test]
        fn $name() {
            attack($path);
        })*
    };
}

doors! {
    the_standard_door_withstands_harmed_bodies "/event/push/alert/standard"
    the_door_of_alertmanager_withstands_harmed_bodies "/event/push/alert/prometheus"
    the_door_of_prometheus_withstands_harmed_bodies "/api/v2/alerts"
    the_door_of_grafana_withstands_harmed_bodies "/event/push/alert/grafana"
    the_door_of_pagerduty_withstands_harmed_bodies "/event/push/alert/pagerduty"
    the_second_door_of_pagerduty_withstands_harmed_bodies "/v2/enqueue"
    the_first_door_of_pagerduty_withstands_harmed_bodies "/generic/2010-04-15/create_event.json"
    the_door_of_nightingale_withstands_harmed_bodies "/event/push/alert/n9e"
    the_door_of_zabbix_withstands_harmed_bodies "/event/push/alert/zabbix"
    the_door_of_cloudwatch_withstands_harmed_bodies "/event/push/alert/cloudwatch"
    the_door_for_changes_withstands_harmed_bodies "/event/push/change/standard"
    the_door_for_comments_withstands_harmed_bodies "/push/incident/comment-by-alert"
}

#[test]
fn every_path_of_every_door_is_attacked() {
    let source = include_str!("../../src/ingest/door.rs");
    let paths: Vec<&str> = source.split('"').filter(|text| text.starts_with('/') && !text.contains(' ')).collect();
    assert!(paths.len() >= PATHS.len(), "{paths:?}");
    for path in paths {
        assert!(PATHS.contains(&path), "{path}");
    }
}

/// Whether this takes no more than in proportion to `size`. Where it seems to, it is asked again: by the best of several
/// runs.
pub fn assert_linear(what: &str, mut run: impl FnMut(usize)) {
    let mut time = |size: usize| {
        let start = Instant::now();
        run(size);
        start.elapsed()
    };
    let (mut half, mut whole) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        half = half.min(time(BODY_LIMIT / 2));
        whole = whole.min(time(BODY_LIMIT));
        if whole < half.max(FLOOR) * GROWTH {
            return;
        }
    }
    panic!("{what}: {half:?} for half of it, {whole:?} for all");
}

/// Sends a body of any size to every path, and once to where a free form is read.
fn hurt(body: fn(usize) -> Vec<u8>) {
    let cluster = Cluster::new(1, GOLDEN, 1, 1);
    let paths = PATHS.iter().map(|path| (*path, "$PRIVATE"));
    for (path, key) in paths.chain([(PATHS[0], "$MAPPED")]) {
        let target = support::with_keys(&format!("{path}?integration_key={key}"));
        assert_linear(&target, |size| {
            let bytes = body(size);
            assert!(bytes.len() <= BODY_LIMIT, "{}", bytes.len());
            let request = Request { body: Ok(bytes), ..support::request("POST", &target, "") };
            let (answer, stored) = sent(&cluster, &request);
            judge(path, &answer, &stored).unwrap_or_else(|e| panic!("{target}: {e}"));
        });
    }
}

/// `unit` as often as it fits between a beginning and an end.
fn filled(start: &str, unit: &str, end: &str, size: usize) -> Vec<u8> {
    let count = size.saturating_sub(start.len() + end.len()) / unit.len();
    [start, &unit.repeat(count), end].concat().into_bytes()
}

const STANDARD: &str = r#"{"event_status":"Info","title_rule":"t","#;

macro_rules! hostile_bodies {
    ($($name:ident $body:expr;)*) => {
        $(#[test]
        fn $name() {
            hurt($body);
        })*
    };
}

hostile_bodies! {
    open_arrays_do_no_harm |size| filled("", "[", "", size);
    open_objects_do_no_harm |size| filled("", "{\"a\":", "", size);
    closed_arrays_of_great_depth_do_no_harm |size| [vec![b'['; size / 2], vec![b']'; size / 2]].concat();
    a_mebibyte_of_nested_arrays_does_no_harm |size| filled("[[]", ",[[[[[[[[[]]]]]]]]]", "]", size);
    labels_as_deep_as_a_reader_follows_do_no_harm |size| {
        let deep = format!("\"a\":{}1{},", "[".repeat(120), "]".repeat(120));
        filled(&format!("{STANDARD}\"labels\":{{"), &deep, "\"b\":1}}", size)
    };
    a_mebibyte_of_one_field_does_no_harm |size| filled("{", "\"event_status\":\"Info\",", "\"title_rule\":\"t\"}", size);
    a_mebibyte_of_one_label_does_no_harm |size| filled(&format!("{STANDARD}\"labels\":{{"), "\"a\":\"b\",", "\"a\":1}}", size);
    bytes_that_are_no_text_do_no_harm |size| [STANDARD.as_bytes(), b"\"labels\":{\"a\":\"", &vec![0xff; size - 100], b"\"}}"].concat();
    half_surrogates_do_no_harm |size| filled(&format!("{STANDARD}\"description\":\""), "\\ud800", "\"}", size);
    a_mebibyte_of_zeros_does_no_harm |size| vec![0; size];
    ten_thousand_labels_do_no_harm |size| {
        // All of them six times over, within the limit.
        let labels = (0..size * 10 / BODY_LIMIT * 1000).map(|nth| (format!("l{nth}"), json!(nth))).collect();
        hostile::with_labels(&labels).into_iter().take(size).collect()
    };
    ten_thousand_labels_of_one_alert_do_no_harm |size| {
        let labels: serde_json::Map<_, _> = (0..size / 100).map(|nth| (format!("l{nth}"), json!("v".repeat(64)))).collect();
        json!({"event_status": "Info", "title_rule": "t", "labels": labels}).to_string().into_bytes()
    };
    a_hundred_large_alerts_do_no_harm |size| {
        let alert = json!({"event_status": "Info", "title_rule": "[TPL]${a}", "labels": {"a": "x".repeat(size / 110)}});
        json!(vec![alert; 100]).to_string().into_bytes()
    };
    many_small_alerts_do_no_harm |size| filled("{\"alerts\":[{}", ",{\"labels\":{\"a\":\"b\"}}", "]}", size);
    a_list_of_many_alerts_does_no_harm |size| filled("[{}", ",{\"labels\":{\"a\":\"b\"}}", "]", size);
    many_images_do_no_harm |size| filled(&format!("{STANDARD}\"images\":[{{}}"), ",{\"src\":\"img_1\",\"alt\":\"a\"}", "]}", size);
    a_title_of_a_mebibyte_does_no_harm |size| filled("{\"event_status\":\"Info\",\"title_rule\":\"", "é", "\"}", size);
    a_rule_of_a_mebibyte_does_no_harm |size| filled("{\"event_status\":\"Info\",\"title_rule\":\"[TPL]", "${a}{{.Title}}", "\"}", size);
    a_number_of_a_mebibyte_does_no_harm |size| filled("{\"event_status\":\"Info\",\"title\":\"t\",\"event_time\":", "9", "}", size);
    a_name_of_a_mebibyte_does_no_harm |size| filled(&format!("{STANDARD}\"labels\":{{\""), "n", "\":1}}", size);
    a_free_form_body_of_a_mebibyte_does_no_harm |size| filled(
        "{\"rule\":\"r\",\"level\":\"high\",\"host\":\"h\",\"tags\":{\"a\":[1", ",{\"b\":[2,3]}", "]}}", size);
}

#[test]
fn a_query_of_a_mebibyte_does_no_harm() {
    let cluster = Cluster::new(1, GOLDEN, 1, 1);
    for unit in ["&", "a=b&", "%", "%ff", "integration_key=&", "channel_id=9999999999999999999999&"] {
        assert_linear(unit, |size| {
            let target = format!("/event/push/alert/standard?{}", unit.repeat(size / unit.len()));
            let (answer, stored) = sent(&cluster, &support::request("POST", &target, "{}"));
            judge(&target, &answer, &stored).expect("withstood");
        });
    }
}
