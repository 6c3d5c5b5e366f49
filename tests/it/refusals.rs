//! Bad input: a clear error of the protocol's shape, and nothing changed.

use alarum::http::BodyError;
use serde_json::{Value, json};

use crate::support::{APP_KEY, PRIVATE_KEY, UNROUTED_KEY, World, request};

const GOOD: &str = r#"{"event_status":"Info","title_rule":"t"}"#;

fn push_target() -> String {
    format!("/event/push/alert/standard?integration_key={PRIVATE_KEY}")
}

/// The status, code and message of a refused push, which must leave no trace in the store.
fn refused(request: alarum::http::Request) -> (u16, String, String) {
    let mut world = World::new();
    let answer = world.send(request);
    let keys = world.cluster.store.keys();
    assert!(keys.iter().all(|key| key.starts_with("alarum:1:refused:")), "nothing but a count: {keys:?}");
    let body: Value = serde_json::from_slice(&answer.body).expect("a JSON answer");
    assert!(body.get("data").is_none() && body["request_id"].as_str().is_some_and(|id| id.len() == 32), "{body}");
    assert!(
        answer.headers.iter().any(|(name, id)| *name == "flashcat-request-id" && body["request_id"] == id.as_str())
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&body["error"]["code"]), text(&body["error"]["message"]))
}

#[test]
fn a_wrong_method_is_told_so() {
    let (status, code, _) = refused(request("GET", &push_target(), ""));
    assert_eq!((status, code.as_str()), (405, "MethodNotAllowed"));
}

#[test]
fn an_unknown_path_is_not_found() {
    let (status, code, _) = refused(request("POST", "/event/push/alert/unheard-of?integration_key=x", GOOD));
    assert_eq!((status, code.as_str()), (404, "RouteNotFound"));
}

#[test]
fn no_key_and_a_wrong_key_are_refused_alike_and_never_repeated() {
    for query in ["", "?integration_key=", "?integration_key=private-key-012345678", "?integration_key=%FF%00"] {
        let (status, code, message) = refused(request("POST", &format!("/event/push/alert/standard{query}"), GOOD));
        assert_eq!((status, code.as_str()), (400, "InvalidParameter"));
        assert_eq!(message, "integration_key is not a valid one");
    }
}

#[test]
fn another_content_type_is_refused() {
    let mut request = request("POST", &push_target(), GOOD);
    request.content_type = Some("text/plain".into());
    let (status, code, _) = refused(request);
    assert_eq!((status, code.as_str()), (400, "InvalidContentType"));
}

#[test]
fn bodies_that_are_no_alert_are_refused_by_what_is_wrong() {
    let deep = "[".repeat(100_000);
    for body in ["", "{", "null", "[]", "42", "\"text\"", "{\"event_status\":\"Info\"", "\u{0}", &deep] {
        let (status, code, _) = refused(request("POST", &push_target(), body));
        assert_eq!((status, code.as_str()), (400, "InvalidParameter"), "{body:.20}");
    }
    let (.., message) = refused(request("POST", &push_target(), r#"{"event_status":"critical","title_rule":"t"}"#));
    assert_eq!(message, "event_status: must be one of Critical, Warning, Info, Ok");
}

#[test]
fn invalid_utf_8_is_refused() {
    let mut request = request("POST", &push_target(), "");
    request.body = Ok(b"{\"event_status\":\"Info\",\"title_rule\":\"\xff\xfe\"}".to_vec());
    assert_eq!(refused(request).1, "InvalidParameter");
}

#[test]
fn a_body_over_the_limit_is_too_large_and_a_broken_one_is_said_to_be() {
    let mut request = request("POST", &push_target(), "");
    request.body = Err(BodyError::TooLarge);
    let (status, code, message) = refused(request.clone());
    assert_eq!((status, code.as_str()), (413, "EntityTooLarge"));
    assert!(message.contains("1048576"));
    request.body = Err(BodyError::Broken);
    assert_eq!(refused(request).0, 400);
}

#[test]
fn a_shared_integration_without_rules_refuses() {
    let target = format!("/event/push/alert/standard?integration_key={UNROUTED_KEY}");
    let (status, code, message) = refused(request("POST", &target, GOOD));
    assert_eq!((status, code.as_str()), (400, "InvalidParameter"));
    assert!(message.contains("routing rules"));
}

#[test]
fn without_a_configuration_everything_is_unavailable() {
    let cluster = crate::support::Cluster::new(1, crate::support::DEMO, 1, 1);
    let ingest = alarum::ingest::Ingest::default();
    let (store, node) = (cluster.store_handle(), cluster.node());
    let request = request("POST", &push_target(), GOOD);
    let mut call = std::pin::pin!(ingest.handle(&store, &node, None, &request));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready((answer, _)) = call.as_mut().poll(&mut context) else {
        panic!("must answer at once");
    };
    assert_eq!(answer.status, 503);
}

#[test]
fn the_open_api_wants_a_key() {
    let world = World::new();
    for query in ["", "?app_key=", "?app_key=private-key-0123456789"] {
        let (status, body) = world.call_raw(request("POST", &format!("/incident/list{query}"), "{}"));
        assert_eq!((status, &body["error"]["code"]), (401, &json!("Unauthorized")));
    }
}

#[test]
fn calls_with_bad_parameters_name_them() {
    let world = World::new();
    let cases = [
        ("/incident/list", json!({}), "start_time"),
        ("/incident/list", json!({"start_time": 1}), "end_time"),
        ("/incident/list", json!({"start_time": 5, "end_time": 1}), "end_time"),
        ("/incident/list", json!({"start_time": 0, "end_time": 99_999_999}), "end_time"),
        ("/incident/list", json!({"start_time": -1, "end_time": 1}), "start_time"),
        ("/incident/list", json!({"start_time": 1, "end_time": 2, "limit": 101}), "limit"),
        ("/incident/list", json!({"start_time": 1, "end_time": 2, "p": u64::MAX}), "p"),
        ("/incident/list", json!({"start_time": 1, "end_time": 2, "progress": "Open"}), "progress"),
        ("/incident/list", json!({"start_time": 1, "end_time": 2, "channel_ids": "1"}), "channel_ids"),
        ("/incident/info", json!({}), "incident_id"),
        ("/incident/info", json!({"incident_id": 5}), "incident_id"),
        ("/incident/info", json!([]), "body"),
    ];
    for (path, body, field) in cases {
        let (status, answer) = world.call(path, &body);
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("InvalidParameter")), "{path} {body}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(&format!("{field}: ")), "{message}");
    }
}

#[test]
fn an_unknown_incident_is_a_resource_not_found() {
    let world = World::new();
    for id in ["6b003848ac9da54847e30825", "", "../../etc", "6B003848AC9DA54847E30825", "é"] {
        let (status, body) = world.call("/incident/info", &json!({"incident_id": id}));
        assert_eq!((status, &body["error"]["code"]), (400, &json!("ResourceNotFound")), "{id}");
    }
    let (status, body) = world.call_raw(request("POST", &format!("/nothing/here?app_key={APP_KEY}"), ""));
    assert_eq!((status, &body["error"]["code"]), (404, &json!("RouteNotFound")));
}
