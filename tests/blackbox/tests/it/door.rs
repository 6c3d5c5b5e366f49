//! Bad input over real HTTP: a clear error of the protocol's shape, nothing changed, nothing broken.

use blackbox::{Client, Deployment, Options};
use serde_json::json;

/// The running deployment that the environment names, if any.
fn named() -> Option<Client> {
    let var = |name: &str| std::env::var(name).ok();
    let url = var("ALARUM_URL")?;
    let key = |name: &str| var(name).unwrap_or_default();
    Some(Client::new(&url, &key("ALARUM_PUSH_KEY"), &key("ALARUM_SHARED_KEY"), &key("ALARUM_APP_KEY")))
}

#[test]
fn bad_input_is_refused_with_the_protocol_s_error_and_changes_nothing() {
    let deployment = Deployment::start(Options::default());
    let client = deployment.as_ref().map(|d| d.client.clone()).or_else(named).expect("a deployment");
    let before = client.incidents().expect("listed").len();
    let good = br#"{"event_status":"Info","title_rule":"t"}"#.as_slice();
    let large = format!(r#"{{"event_status":"Info","title_rule":"t","description":"{}"}}"#, "d".repeat(1_100_000));
    let deep = "[".repeat(1_000_000);
    let (json, standard) = ("application/json", "/event/push/alert/standard");
    let push = format!("{standard}?integration_key={}", client.push_key);
    type Case<'a> = (&'a str, &'a str, String, &'a str, &'a [u8], u16, &'a str);
    let cases: Vec<Case> = vec![
        ("a wrong method", "GET", push.clone(), json, b"", 405, "MethodNotAllowed"),
        ("a wrong method", "PUT", push.clone(), json, good, 405, "MethodNotAllowed"),
        ("an unknown path", "POST", "/event/push/alert/none".into(), json, good, 404, "RouteNotFound"),
        ("an unknown path", "POST", "/nothing".into(), json, good, 404, "RouteNotFound"),
        ("no key", "POST", standard.into(), json, good, 400, "InvalidParameter"),
        ("a wrong key", "POST", format!("{standard}?integration_key=wrong"), json, good, 400, "InvalidParameter"),
        ("a wrong content type", "POST", push.clone(), "text/plain", good, 400, "InvalidContentType"),
        ("no body", "POST", push.clone(), json, b"", 400, "InvalidParameter"),
        ("broken JSON", "POST", push.clone(), json, b"{\"event_status\"", 400, "InvalidParameter"),
        ("an array", "POST", push.clone(), json, b"[]", 400, "InvalidParameter"),
        ("wrong types", "POST", push.clone(), json, b"{\"event_status\":7}", 400, "InvalidParameter"),
        ("a depth bomb", "POST", push.clone(), json, deep.as_bytes(), 400, "InvalidParameter"),
        ("no UTF-8", "POST", push.clone(), json, b"{\"event_status\":\"\xff\"}", 400, "InvalidParameter"),
        ("a body too large", "POST", push.clone(), json, large.as_bytes(), 413, "EntityTooLarge"),
        ("no app key", "POST", "/incident/list".into(), json, b"{}", 401, "Unauthorized"),
        ("a wrong app key", "POST", "/incident/list?app_key=wrong".into(), json, b"{}", 401, "Unauthorized"),
    ];
    for (what, method, target, content_type, body, status, code) in cases {
        let answer = client.send(method, &target, content_type, body).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.body);
        assert!(answer.body.get("data").is_none(), "{what}");
        assert!(answer.request_id.is_some_and(|id| answer.body["request_id"] == id.as_str()), "{what}");
    }
    assert_eq!(client.incidents().expect("listed").len(), before, "nothing changed");
}

#[test]
fn a_push_of_nearly_the_limit_is_taken_whole() {
    let Some(deployment) = Deployment::start(Options::default()) else { return };
    // 50 labels of 2048 four-byte characters: larger than a value of the store may be.
    let labels: serde_json::Map<_, _> = (0..50).map(|n| (format!("l{n}"), json!("😀".repeat(2048)))).collect();
    let body = json!({"event_status": "Critical", "title_rule": "large", "alert_key": "large", "labels": labels});
    let answer = deployment.client.push(&body).expect("answered");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let incidents = deployment.client.incidents().expect("listed");
    assert_eq!(incidents[0]["labels"], body["labels"]);
    let tick = deployment.client.send("POST", "/tick", "application/json", b"").expect("answered");
    assert_eq!(tick.status, 200, "{}", tick.body);
    assert_eq!(deployment.client.incidents().expect("listed"), incidents, "also when it is folded");
}

#[test]
fn an_alert_is_explained_and_a_route_previewed_across_components() {
    let Some(deployment) = Deployment::start(Options { memory: true, ..Options::default() }) else { return };
    let client = &deployment.client;
    let body =
        json!({"event_status": "Critical", "title_rule": "disk", "alert_key": "k", "labels": {"team": "storage"}});
    let target = format!("/event/push/alert/standard?integration_key={}", client.shared_key);
    let pushed = client.send("POST", &target, "application/json", body.to_string().as_bytes()).expect("answered");
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    let answer = client.call("/alert/explain", &json!({"integration_id": 9002, "alert": body})).expect("answered");
    assert_eq!((answer.status, &answer.body["data"]["channel_ids"]), (200, &json!([101, 100])), "{}", answer.body);
    let alert_id = &answer.body["data"]["channels"][0]["alert_id"];
    let answer = client.call("/alert/explain", &json!({"alert_id": alert_id})).expect("answered");
    assert_eq!((answer.status, &answer.body["data"]["stored"]["alert_id"]), (200, alert_id), "{}", answer.body);
    let group = json!({"alerts": [{"status": "firing", "labels": {"alertname": "Down", "team": "storage"}}]});
    let preview = json!({"integration_id": 9002, "type": "prometheus", "alerts": [group],
        "route": {"default": {"channel_ids": [100]}}});
    let answer = client.call("/route/preview", &preview).expect("answered");
    assert_eq!((answer.status, &answer.body["data"]["items"][0]["difference"]["removed"]), (200, &json!([101])));
    let answer = client.call("/integration/list", &json!({})).expect("answered");
    let items = answer.body["data"]["items"].as_array().expect("items");
    assert!(items.iter().any(|i| i["integration_id"] == 9002 && i["last_time"].as_u64() > Some(0)), "{items:?}");
    // Nobody but the api component may ask.
    for path in ["/advice/explain", "/advice/preview"] {
        let answer = client.send("POST", path, "application/json", b"{}").expect("answered");
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
}
