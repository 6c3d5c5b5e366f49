//! Alertmanager's webhook, body version "4" (Flashduty, "Prometheus Integration"; Prometheus, "Alertmanager webhook"):
//! a group of alerts in one push, each of which becomes an event.
//!
//! Alerts that the sender left out (`truncatedAlerts`) are not known here, so nothing can be said of them.

use serde_json::{Map, Value};

use super::{Drafts, alertmanager};
use crate::error::ApiError;
use crate::intake::Draft;

/// Reads the body of a push. A group without alerts is taken; there is nothing in it.
///
/// # Errors
/// `InvalidParameter` where the body is not an object with an array `alerts`.
pub fn read(body: &Value) -> Result<Drafts, ApiError> {
    match body {
        Value::Object(group) => read_group(group, alertmanager::read),
        _ => Err(ApiError::invalid("body", "must be a JSON object")),
    }
}

/// Reads the alerts of a group, each with `read`, which is told whether the alert is resolved.
///
/// # Errors
/// `InvalidParameter` where `alerts` is not an array.
pub fn read_group(
    group: &Map<String, Value>,
    read: impl Fn(&Map<String, Value>, bool) -> Result<Draft, ApiError>,
) -> Result<Drafts, ApiError> {
    let alerts = match group.get("alerts") {
        Some(Value::Array(alerts)) => alerts,
        // What a sender in Go makes of no alerts.
        Some(Value::Null) => return Ok(Vec::new()),
        _ => return Err(ApiError::invalid("alerts", "must be an array")),
    };
    let read_alert = |alert: &Value| match alert {
        Value::Object(alert) => read(alert, resolved(alert).or_else(|| resolved(group)).unwrap_or(false)),
        _ => Err(ApiError::invalid("alerts", "every alert must be a JSON object")),
    };
    Ok(alerts.iter().map(read_alert).collect())
}

/// Whether `status` says so; `None` where it says nothing. A group is firing while one of its alerts is, so what an
/// alert says goes first.
fn resolved(fields: &Map<String, Value>) -> Option<bool> {
    let status = alertmanager::plain(fields, "status");
    (!status.is_empty()).then(|| status.eq_ignore_ascii_case("resolved"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::arbitrary;
    use crate::intake::Status;
    use proptest::prelude::*;
    use serde_json::json;

    fn group() -> Value {
        json!({
            "receiver": "alarum", "status": "firing", "version": "4", "truncatedAlerts": 0,
            "groupKey": "{}:{alertname=\"DiskFull\"}", "externalURL": "http://am.example.net:9093",
            "groupLabels": {"alertname": "DiskFull"}, "commonLabels": {"alertname": "DiskFull"}, "commonAnnotations": {},
            "alerts": [
                {"status": "firing", "fingerprint": "9f3c1d2e4b5a6978", "startsAt": "2026-11-20T07:12:56.412Z",
                 "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom.example.net:9090/graph?g0.expr=up",
                 "labels": {"alertname": "DiskFull", "instance": "db-3:9100", "severity": "critical"},
                 "annotations": {"summary": "Disk of db-3 is full", "description": "97 %"}},
                {"status": "resolved", "fingerprint": "1f3c1d2e4b5a6978", "startsAt": "2026-11-20T06:12:56.412Z",
                 "endsAt": "2026-11-20T07:10:00Z", "generatorURL": "http://prom.example.net:9090/graph?g0.expr=up",
                 "labels": {"alertname": "DiskFull", "instance": "db-4:9100", "severity": "critical"},
                 "annotations": {"summary": "Disk of db-4 is full"}}
            ]
        })
    }

    fn drafts(body: &Value) -> Vec<Draft> {
        read(body).expect("a group").into_iter().map(|draft| draft.expect("taken")).collect()
    }

    #[test]
    fn every_alert_of_a_group_is_an_event_of_its_own() {
        let drafts = drafts(&group());
        let seen: Vec<_> = drafts.iter().map(|d| (d.status, d.title.as_str(), d.alert_key.as_str())).collect();
        assert_eq!(
            seen,
            [
                (Status::Critical, "DiskFull / db-3:9100", "9f3c1d2e4b5a6978"),
                (Status::Ok, "DiskFull / db-4:9100", "1f3c1d2e4b5a6978"),
            ]
        );
        assert_eq!(drafts[0].description, "97 %");
        assert_eq!(drafts[0].event_time, None);
    }

    #[test]
    fn firing_and_resolved_have_the_same_key_and_title() {
        let mut body = group();
        let firing = drafts(&body).remove(0);
        body["alerts"][0]["status"] = json!("resolved");
        body["alerts"][0]["annotations"]["summary"] = json!("Disk of db-3 was full");
        let resolved = drafts(&body).remove(0);
        assert_eq!(resolved.status, Status::Ok);
        assert_eq!((resolved.alert_key, resolved.title), (firing.alert_key, firing.title));
    }

    #[test]
    fn the_status_of_the_group_counts_for_alerts_that_say_nothing() {
        let status = |body: Value| drafts(&body).remove(0).status;
        assert_eq!(status(json!({"status": "resolved", "alerts": [{"labels": {"a": "b"}}]})), Status::Ok);
        assert_eq!(status(json!({"status": "resolved", "alerts": [{"status": "firing"}]})), Status::Warning);
        assert_eq!(status(json!({"alerts": [{"labels": {"a": "b"}}]})), Status::Warning);
    }

    #[test]
    fn a_group_without_alerts_is_taken() {
        assert_eq!(read(&json!({"alerts": []})), Ok(Vec::new()));
        assert_eq!(read(&json!({"alerts": null})), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_group_is_refused_by_name() {
        let refusal = |body: Value| read(&body).expect_err("refused").message;
        assert_eq!(refusal(json!([])), "body: must be a JSON object");
        assert_eq!(refusal(json!({})), "alerts: must be an array");
        assert_eq!(refusal(json!({"alerts": {}})), "alerts: must be an array");
    }

    #[test]
    fn one_bad_alert_does_not_take_the_others_with_it() {
        let drafts = read(&json!({"alerts": ["x", {"labels": 1}, {"labels": {"a": "b"}}]})).expect("a group");
        let taken: Vec<_> = drafts.iter().map(Result::is_ok).collect();
        assert_eq!(taken, [false, false, true]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_can_be_sealed(body in arbitrary::body()) {
            arbitrary::all_seal(read(&body))?;
            arbitrary::all_seal(read(&json!({"alerts": [body]})))?;
        }
    }
}
