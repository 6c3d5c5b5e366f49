//! Grafana's webhook (Flashduty, "Grafana Integration"; Grafana, "Webhook notifier"). Unified alerting speaks
//! Alertmanager's shape with additions; what came before it (v4 to v8) is told by having no `alerts`.
//!
//! Test notifications and the alerts about a rule itself (`DatasourceNoData`, `DatasourceError`) are alerts like any
//! other. The title and the message of a group say how many are firing, so they are no alert's own and are left out.

use serde_json::{Map, Value};

use super::alertmanager::{self, add_label, plain};
use super::{Drafts, grafana_legacy, prometheus};
use crate::error::ApiError;
use crate::intake::{Draft, Image};

/// What an image is called; there is one at most.
pub const IMAGE_ALT: &str = "panel";

/// The fields that become labels where they are not empty, and the labels' names.
const LABELLED: [(&str, &str); 5] = [
    ("ruleUID", "rule_uid"),
    ("silenceURL", "silence_url"),
    ("dashboardURL", "dashboard_url"),
    ("panelURL", "panel_url"),
    ("orgId", "org_id"),
];

/// Reads the body of a push.
///
/// # Errors
/// `InvalidParameter` where the body has neither an array `alerts` nor a `state`.
pub fn read(body: &Value) -> Result<Drafts, ApiError> {
    let Value::Object(body) = body else {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    };
    if !body.contains_key("alerts") && body.contains_key("state") {
        return Ok(vec![grafana_legacy::read(body)]);
    }
    prometheus::read_group(body, |alert, resolved| read_alert(alert, resolved, &plain(body, "orgId")))
}

fn read_alert(alert: &Map<String, Value>, resolved: bool, org_id: &str) -> Result<Draft, ApiError> {
    let mut draft = alertmanager::read(alert, resolved)?;
    for (field, name) in LABELLED {
        add_label(&mut draft, name, &plain(alert, field));
    }
    // Older versions say it once for all alerts.
    add_label(&mut draft, "org_id", org_id);
    let values = values(alert);
    add_label(&mut draft, "values", &values);
    if draft.description.is_empty() {
        draft.description = values;
    }
    let src = plain(alert, "imageURL");
    if !src.is_empty() {
        let links = ["panelURL", "dashboardURL"].map(|link| plain(alert, link));
        let href = links.into_iter().find(|link| !link.is_empty()).unwrap_or_default();
        draft.images.push(Image { src, alt: IMAGE_ALT.to_owned(), href });
    }
    Ok(draft)
}

/// What was measured, as text: newer versions say it as an object, older ones as a text.
fn values(alert: &Map<String, Value>) -> String {
    match alert.get("values") {
        Some(Value::Object(values)) if !values.is_empty() => {
            values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        }
        _ => plain(alert, "valueString"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::arbitrary;
    use crate::intake::Status;
    use proptest::prelude::*;
    use serde_json::json;

    fn drafts(body: Value) -> Vec<Draft> {
        read(&body).expect("a group").into_iter().map(|draft| draft.expect("taken")).collect()
    }

    fn group(alert: Value) -> Value {
        json!({"receiver": "alarum", "status": "firing", "orgId": 1, "version": "1", "state": "alerting",
            "title": "[FIRING:1] High memory", "message": "**Firing**", "truncatedAlerts": 0, "alerts": [alert]})
    }

    #[test]
    fn the_additions_become_labels_and_an_image() {
        let draft = drafts(group(json!({
            "status": "firing", "labels": {"alertname": "High memory", "zone": "us-1", "priority": "info"},
            "annotations": {"summary": "s"}, "fingerprint": "c6eadffa33fcdf37", "values": {"B": 44.25, "C": 1},
            "valueString": "[ var='B' value=44.25 ]", "silenceURL": "https://g.example.net/alerting/silence/new",
            "dashboardURL": "https://g.example.net/d/abc", "panelURL": "https://g.example.net/d/abc?viewPanel=2",
            "imageURL": "https://img.example.net/7.png"
        })))
        .remove(0);
        assert_eq!(draft.status, Status::Info);
        assert_eq!((draft.title.as_str(), draft.alert_key.as_str()), ("High memory", "c6eadffa33fcdf37"));
        assert_eq!(draft.labels["silence_url"], "https://g.example.net/alerting/silence/new");
        assert_eq!(draft.labels["dashboard_url"], "https://g.example.net/d/abc");
        assert_eq!(draft.labels["values"], "B=44.25 C=1");
        assert_eq!(draft.labels["org_id"], "1");
        assert_eq!(
            draft.images,
            [Image {
                src: "https://img.example.net/7.png".to_owned(),
                alt: "panel".to_owned(),
                href: "https://g.example.net/d/abc?viewPanel=2".to_owned(),
            }]
        );
    }

    #[test]
    fn without_severity_it_is_a_warning_and_resolved_it_is_ok() {
        assert_eq!(drafts(group(json!({"status": "firing"})))[0].status, Status::Warning);
        assert_eq!(drafts(group(json!({"status": "resolved"})))[0].status, Status::Ok);
    }

    #[test]
    fn a_test_notification_is_an_alert() {
        let draft = drafts(group(json!({
            "status": "firing", "labels": {"alertname": "TestAlert", "instance": "Grafana"},
            "annotations": {"summary": "Notification test"}, "fingerprint": "57c6d9296de2ad39", "values": null,
            "valueString": "[ metric='foo' labels={instance=bar} value=10 ]", "dashboardURL": "", "panelURL": ""
        })))
        .remove(0);
        assert_eq!(draft.title, "TestAlert / Grafana");
        assert_eq!(draft.description, "Notification test");
        assert_eq!(draft.labels["values"], "[ metric='foo' labels={instance=bar} value=10 ]");
        assert!(!draft.labels.contains_key("panel_url") && draft.images.is_empty());
    }

    #[test]
    fn an_alert_about_a_rule_itself_is_called_by_the_rule() {
        let labels = json!({"alertname": "DatasourceNoData", "rulename": "High memory", "datasource_uid": "P1"});
        assert_eq!(drafts(group(json!({"labels": labels})))[0].title, "DatasourceNoData / High memory");
    }

    #[test]
    fn what_was_measured_stands_in_for_a_description() {
        let draft = drafts(group(json!({"labels": {"alertname": "a"}, "values": {"A": 3}}))).remove(0);
        assert_eq!(draft.description, "A=3");
    }

    #[test]
    fn what_is_neither_shape_is_refused_by_name() {
        let refusal = |body: Value| read(&body).expect_err("refused").message;
        assert_eq!(refusal(json!("x")), "body: must be a JSON object");
        assert_eq!(refusal(json!({"title": "t"})), "alerts: must be an array");
        assert_eq!(refusal(json!({"alerts": 1, "state": "ok"})), "alerts: must be an array");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_can_be_sealed(body in arbitrary::body()) {
            arbitrary::all_seal(read(&json!({"alerts": [body]})))?;
            arbitrary::all_seal(read(&body))?;
            if let Value::Object(mut fields) = body {
                fields.remove("alerts");
                fields.insert("state".to_owned(), json!("alerting"));
                arbitrary::all_seal(read(&Value::Object(fields)))?;
            }
        }
    }
}
