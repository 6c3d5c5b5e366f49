//! Health, readiness and figures of a running deployment; and what every answer is sent with.

use blackbox::{Deployment, Options};
use serde_json::json;

#[test]
fn it_lives_is_ready_and_has_figures_that_are_right() {
    let Some(deployment) = Deployment::start(Options { tick: true, ..Options::default() }) else { return };
    let client = &deployment.client;
    let get = |path: &str| client.send("GET", path, "text/plain", b"").expect("answered");
    let lives = get("/healthz");
    assert_eq!((lives.status, lives.text.as_str()), (200, "ok"));
    let ready = get("/readyz");
    assert_eq!((ready.status, &ready.body["ready"]), (200, &json!(true)), "{}", ready.text);
    let names: Vec<_> = ready.body["checks"].as_array().expect("checks").iter().map(|check| &check["name"]).collect();
    assert_eq!(names, ["configuration", "store", "increment", "swap", "missing_key", "ledger"]);
    for key in ["a", "b", "a"] {
        let alert = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
        assert_eq!(client.push(&alert).expect("answered").status, 200);
    }
    assert_eq!(client.push(&json!({})).expect("answered").status, 400);
    let wanted = [
        "alarum_accepted_requests_total{integration_id=\"9001\"} 3\n",
        "alarum_alerts_total{channel_id=\"101\",result=\"new\"} 2\n",
        "alarum_alerts_total{channel_id=\"101\",result=\"merged\"} 1\n",
        "alarum_open_incidents{channel_id=\"101\",progress=\"Triggered\",severity=\"Critical\"} 2\n",
        "alarum_refused_requests_total{code=\"InvalidParameter\"} 1\n",
        "alarum_journal_waiting_records 0\n",
    ];
    let figures = client.wait(10, |_| {
        let figures = get("/metrics");
        assert_eq!(figures.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        wanted.iter().all(|line| figures.text.contains(line)).then_some(figures)
    });
    assert!(figures.is_some(), "{}", get("/metrics").text);
}

/// One path of each component that has any, and the status of a request that is no good.
const PATHS: [(&str, &str, u16); 8] = [
    ("ingest", "/event/push/alert/standard?integration_key=private-key-0123456789", 413),
    ("api", "/incident/list?app_key=app-key-0123456789abcdef", 413),
    ("actions", "/incident/ack?app_key=app-key-0123456789abcdef", 413),
    ("alerts", "/alert/info?app_key=app-key-0123456789abcdef", 413),
    ("settings", "/channel/list?app_key=app-key-0123456789abcdef", 413),
    ("webhooks", "/webhook/list?app_key=app-key-0123456789abcdef", 413),
    ("fanout", "/tick", 200),
    ("status", "/healthz", 405),
];

#[test]
fn no_component_lets_another_origin_in_or_reads_a_body_without_end() {
    let Some(deployment) = Deployment::start(Options { memory: true, ..Options::default() }) else { return };
    let large = vec![b' '; 1024 * 1024 + 1];
    for (who, path, status) in PATHS {
        let options = deployment.client.send("OPTIONS", path, "text/plain", b"").expect("answered");
        assert_eq!(options.status, 405, "{who}: {}", options.text);
        let refused = deployment.client.send("POST", path, "application/json", &large).expect("answered");
        assert_eq!(refused.status, status, "{who}: {}", refused.text);
        for answer in [options, refused] {
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{who}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{who}");
            assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{who}");
        }
    }
}
