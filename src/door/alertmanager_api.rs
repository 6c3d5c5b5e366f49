//! Alertmanager's own API, version 2, `POST /api/v2/alerts`: Prometheus and amtool push here as if this were an
//! Alertmanager (Prometheus, "Alertmanager API v2").
//!
//! There is no status. An alert is resolved from its `endsAt` on; Prometheus sends firing alerts again and again with an
//! `endsAt` in the future, and resolved ones with one in the past.

use serde_json::{Map, Value};

use super::{Drafts, alertmanager, rfc3339};
use crate::error::ApiError;

/// Reads the body of a push that arrived `now_secs` after the Unix epoch. An empty array is taken.
///
/// # Errors
/// `InvalidParameter` where the body is not an array.
pub fn read(body: &Value, now_secs: u64) -> Result<Drafts, ApiError> {
    let Value::Array(alerts) = body else {
        return Err(ApiError::invalid("body", "must be an array of alerts"));
    };
    let read_alert = |alert: &Value| match alert {
        Value::Object(alert) => alertmanager::read(alert, ended(alert, now_secs)),
        _ => Err(ApiError::invalid("body", "every alert must be a JSON object")),
    };
    Ok(alerts.iter().map(read_alert).collect())
}

/// Whether the alert has ended. An end before the Unix epoch is what senders in typed languages send for "not set"; one
/// that cannot be read says nothing.
fn ended(alert: &Map<String, Value>, now_secs: u64) -> bool {
    let ends_at = rfc3339::unix_secs(&alertmanager::plain(alert, "endsAt"));
    ends_at.and_then(|secs| u64::try_from(secs).ok()).is_some_and(|secs| secs > 0 && secs <= now_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::{arbitrary, prometheus};
    use crate::intake::{Draft, Status};
    use proptest::prelude::*;
    use serde_json::json;

    /// 2026-11-20T07:12:56Z.
    const NOW: u64 = 1_795_158_776;

    fn draft(alert: Value) -> Draft {
        read(&json!([alert]), NOW).expect("an array").remove(0).expect("taken")
    }

    fn status(ends_at: Value) -> Status {
        draft(json!({"labels": {"alertname": "Down", "severity": "critical"}, "endsAt": ends_at})).status
    }

    #[test]
    fn an_alert_is_resolved_from_its_end_on() {
        assert_eq!(status(json!("2026-11-20T07:12:55.999Z")), Status::Ok);
        assert_eq!(status(json!("2026-11-20T07:12:56Z")), Status::Ok);
        assert_eq!(status(json!("2026-11-20T08:12:56+01:00")), Status::Ok);
        assert_eq!(status(json!("2026-11-20T07:12:57Z")), Status::Critical);
        assert_eq!(status(json!("2026-11-20T07:16:56.412Z")), Status::Critical);
    }

    #[test]
    fn an_end_that_is_not_set_or_not_a_time_means_firing() {
        for ends_at in ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "", "soon"] {
            assert_eq!(status(json!(ends_at)), Status::Critical, "{ends_at}");
        }
        assert_eq!(status(json!(null)), Status::Critical);
        assert_eq!(draft(json!({"labels": {"alertname": "Down"}})).status, Status::Warning);
    }

    #[test]
    fn the_key_is_the_one_that_alertmanager_would_pass_on() {
        let labels = json!({"alertname": "alert1", "severity": "critical"});
        let direct = draft(json!({"labels": labels, "startsAt": "2026-11-20T07:00:00Z"}));
        let group = json!({"alerts": [{"labels": labels, "status": "firing", "fingerprint": "0223b772b51c29e1"}]});
        let passed_on = prometheus::read(&group).expect("a group").remove(0).expect("taken");
        assert_eq!(direct, passed_on);
    }

    #[test]
    fn an_empty_array_is_taken_and_what_is_no_array_refused() {
        assert_eq!(read(&json!([]), NOW), Ok(Vec::new()));
        let refusal = read(&json!({"alerts": []}), NOW).expect_err("refused");
        assert_eq!(refusal.message, "body: must be an array of alerts");
        let drafts = read(&json!([3, {}]), NOW).expect("an array");
        assert_eq!(drafts.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_can_be_sealed(body in arbitrary::body(), now in any::<u64>()) {
            arbitrary::all_seal(read(&body, now))?;
            arbitrary::all_seal(read(&json!([body]), now))?;
        }
    }
}
