//! Every other door, with the least that its sender sends: an alert that opens an incident, and its recovery.

use serde_json::{Value, json};

use super::Test;
use super::run::{Problem, Run, now_s, same, taken};

const SECTION: &str = "Doors";

/// The checks.
pub const TESTS: &[Test] = &[
    (SECTION, "Alertmanager's webhook", |run| both(run, "/event/push/alert/prometheus", alertmanager)),
    (SECTION, "Prometheus and amtool, by Alertmanager's API", |run| both(run, "/api/v2/alerts", alertmanager_api)),
    (SECTION, "Grafana", |run| both(run, "/event/push/alert/grafana", alertmanager)),
    (SECTION, "PagerDuty's Events API v2", |run| pagerduty(run, "/v2/enqueue", pagerduty_v2)),
    (SECTION, "PagerDuty's Events API v1", |run| pagerduty(run, "/generic/2010-04-15/create_event.json", pagerduty_v1)),
    (SECTION, "PagerDuty's at the door's own path", |run| pagerduty(run, "/event/push/alert/pagerduty", pagerduty_v2)),
    (SECTION, "Nightingale", |run| both(run, "/event/push/alert/n9e", nightingale)),
    (SECTION, "Zabbix", |run| both(run, "/event/push/alert/zabbix", zabbix)),
    (SECTION, "CloudWatch by SNS", cloudwatch),
    (SECTION, "a change event", change),
    (SECTION, "a comment by alert key", comment),
];

/// Opens by one body, looks, and closes by another one.
fn both(run: &Run, path: &str, body: fn(&str, bool) -> Value) -> Result<(), Problem> {
    let key = run.key();
    allowed(run.send(path, &body(&key, false)))?;
    let opened = run.incident(&key)?;
    run.send(path, &body(&key, true))?;
    let closed = run.incident(&key)?;
    same("incident_status, opened", opened["incident_status"] != "Ok", true)?;
    same("incident_status, recovered", closed["incident_status"].as_str(), Some("Ok"))
}

/// An integration may open one door alone.
fn allowed<T>(answer: Result<T, Problem>) -> Result<T, Problem> {
    answer.map_err(|problem| match problem {
        Problem::Wrong(why) if why.contains("type") && why.contains("400") => {
            Problem::Missing(format!("the integration's key opens another door alone ({why})"))
        }
        other => other,
    })
}

fn labels(key: &str) -> Value {
    json!({"alertname": "Conformance", "severity": "info", "instance": key, "conformance": key})
}

fn alertmanager(key: &str, over: bool) -> Value {
    let status = if over { "resolved" } else { "firing" };
    let ends_at = if over { "2024-01-01T00:00:00Z" } else { "0001-01-01T00:00:00Z" };
    json!({
        "version": "4", "status": status, "receiver": "alarum", "groupLabels": {}, "commonLabels": labels(key),
        "commonAnnotations": {}, "externalURL": "http://alertmanager.example.net", "groupKey": "{}:{}",
        "alerts": [{"status": status, "labels": labels(key), "annotations": {"summary": "a check"}, "fingerprint": key,
            "startsAt": "2024-01-01T00:00:00Z", "endsAt": ends_at, "generatorURL": "http://prometheus.example.net"}],
    })
}

fn alertmanager_api(key: &str, over: bool) -> Value {
    let mut alert = json!({"labels": labels(key), "annotations": {"summary": "a check"}});
    if over {
        alert["endsAt"] = "2024-01-01T00:00:00Z".into();
    }
    json!([alert])
}

fn pagerduty(run: &Run, path: &str, body: fn(&str, &str, bool) -> Value) -> Result<(), Problem> {
    let (key, secret) = (run.key(), &run.pusher.push_key);
    let send = |over| {
        let body = body(&key, secret, over).to_string();
        taken(run.pusher.send("POST", path, "application/json", body.as_bytes())?)
    };
    let answer = allowed(send(false))?;
    same("status", answer.body["status"].as_str(), Some("success"))?;
    run.incident(&key)?;
    send(true)?;
    same("incident_status, recovered", run.incident(&key)?["incident_status"].as_str(), Some("Ok"))
}

fn pagerduty_v2(key: &str, secret: &str, over: bool) -> Value {
    let action = if over { "resolve" } else { "trigger" };
    let payload = json!({"summary": format!("conformance {key}"), "severity": "info", "source": "conformance"});
    json!({"routing_key": secret, "event_action": action, "dedup_key": key, "payload": payload})
}

fn pagerduty_v1(key: &str, secret: &str, over: bool) -> Value {
    let kind = if over { "resolve" } else { "trigger" };
    json!({"service_key": secret, "event_type": kind, "incident_key": key, "description": format!("conformance {key}")})
}

fn nightingale(key: &str, over: bool) -> Value {
    json!([{
        "hash": key, "rule_id": 1, "rule_name": format!("conformance {key}"), "severity": 3, "is_recovered": over,
        "trigger_time": now_s(), "first_trigger_time": now_s(), "last_eval_time": now_s(), "trigger_value": "1",
        "tags": ["conformance=yes"], "tags_map": {"conformance": "yes"}, "target_ident": "", "cate": "prometheus",
    }])
}

fn zabbix(key: &str, over: bool) -> Value {
    json!({
        "event_id": "1", "trigger_id": key, "host_name": "conformance", "event_name": format!("conformance {key}"),
        "event_value": if over { "0" } else { "1" }, "event_status": if over { "RESOLVED" } else { "PROBLEM" },
        "event_source": "0", "event_nseverity": "1", "event_severity": "Information", "event_update_status": "0",
    })
}

fn cloudwatch(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    let send = |state: &str| {
        let alarm = json!({
            "AlarmName": format!("conformance {key}"), "AlarmArn": key, "NewStateValue": state, "OldStateValue": "OK",
            "NewStateReason": "a check", "StateChangeTime": "2024-01-01T00:00:00.000+0000", "Region": "here",
            "AWSAccountId": "123456789012", "Trigger": {"MetricName": "m", "Namespace": "n", "Dimensions": []},
        });
        let topic = "arn:aws:sns:eu-central-1:123456789012:conformance";
        let message = json!({
            "Type": "Notification", "MessageId": key, "TopicArn": topic, "Message": alarm.to_string(),
            "Timestamp": "2024-01-01T00:00:00.000Z", "SignatureVersion": "1",
        });
        run.send("/event/push/alert/cloudwatch", &message)
    };
    allowed(send("ALARM"))?;
    run.incident(&key)?;
    send("OK")?;
    same("incident_status, recovered", run.incident(&key)?["incident_status"].as_str(), Some("Ok"))
}

/// It opens nothing; it stays in the list of changes until `retention_days` are over.
fn change(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    let body = json!({"change_key": key, "change_status": "Done", "title": format!("conformance {key}")});
    allowed(run.send("/event/push/change/standard", &body))?;
    let window = json!({"start_time": now_s() - 600, "end_time": now_s() + 600, "limit": 100});
    let changes = run.call("/change/list", &window)?;
    let listed = changes["items"].as_array().cloned().unwrap_or_default();
    let found = listed.iter().filter(|change| change["change_key"] == key.as_str()).count();
    same("changes with that key", found, 1)
}

fn comment(run: &Run) -> Result<(), Problem> {
    let (key, id) = run.open()?;
    allowed(run.send("/push/incident/comment-by-alert", &json!({"alert_key": key, "comment": "by a check"})))?;
    let feed = run.call("/incident/feed", &json!({"incident_id": id, "types": ["i_comm"]}))?;
    same("comments in the timeline", feed["items"].as_array().map(Vec::len), Some(1))
}
