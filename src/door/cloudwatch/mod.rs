//! CloudWatch alarms as SNS delivers them (Amazon SNS, "HTTP/HTTPS endpoints"; Flashduty, "AWS CloudWatch Integration").
//!
//! The body is JSON though its content type says text. A subscription must be confirmed before anything comes; with raw
//! message delivery the alarm itself is the body.

mod alarm;
mod confirm;

use serde_json::{Map, Value};

use super::Drafts;
use super::alertmanager::{add_label, plain};
use crate::error::ApiError;
use crate::intake::{Draft, Status};

/// What SNS delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A subscription waits until this URL is fetched; it was found to be SNS' own.
    Confirm {
        /// The URL.
        url: String,
    },
    /// Alerts.
    Alerts(Drafts),
    /// Something that needs no answer but that it has arrived.
    Nothing,
}

/// Reads a body.
///
/// # Errors
/// `InvalidParameter` where it is none of SNS', or its `SubscribeURL` leads elsewhere than to SNS.
pub fn read(body: &Value) -> Result<Message, ApiError> {
    let Value::Object(fields) = body else {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    };
    let draft = match plain(fields, "Type").as_str() {
        "SubscriptionConfirmation" => {
            let url = plain(fields, "SubscribeURL");
            confirm::check(&url).map_err(|problem| ApiError::invalid("SubscribeURL", problem))?;
            return Ok(Message::Confirm { url });
        }
        "UnsubscribeConfirmation" => return Ok(Message::Nothing),
        "Notification" => read_notification(fields),
        _ if alarm::is_alarm(fields) => alarm::read(fields),
        _ if fields.contains_key("detail-type") => read_other("", &body.to_string()),
        _ => {
            let problem = "must be one of Notification, SubscriptionConfirmation, UnsubscribeConfirmation";
            return Err(ApiError::invalid("Type", problem));
        }
    };
    Ok(Message::Alerts(vec![Ok(draft)]))
}

fn read_notification(fields: &Map<String, Value>) -> Draft {
    let message = match fields.get("Message") {
        Some(Value::Object(message)) => Value::from(message.clone()).to_string(),
        _ => plain(fields, "Message"),
    };
    let mut draft = match serde_json::from_slice(message.as_bytes()) {
        Ok(Value::Object(alarm)) if alarm::is_alarm(&alarm) => alarm::read(&alarm),
        _ => read_other(&plain(fields, "Subject"), &message),
    };
    add_label(&mut draft, "topic_arn", &plain(fields, "TopicArn"));
    draft
}

/// A notification that is no alarm: whoever subscribes a topic here wants to hear of it, and nothing says how bad it is.
/// What says the same of the same topic is the same alert.
fn read_other(subject: &str, message: &str) -> Draft {
    let event = match serde_json::from_slice(message.as_bytes()) {
        Ok(Value::Object(event)) => event,
        _ => Map::new(),
    };
    let kind = plain(&event, "detail-type");
    let first_line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let titles = [subject.trim(), &kind, first_line, "SNS notification"];
    let mut draft = Draft {
        status: Status::Info,
        title: titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default().to_owned(),
        description: message.to_owned(),
        ..Draft::default()
    };
    if !kind.is_empty() {
        add_label(&mut draft, "detail_type", &kind);
        for (field, name) in [("source", "source"), ("account", "account_id"), ("region", "region")] {
            add_label(&mut draft, name, &plain(&event, field));
        }
        let resource = event.get("resources").and_then(|resources| resources.get(0)?.as_str());
        add_label(&mut draft, "resource", resource.unwrap_or_default());
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::arbitrary;
    use proptest::prelude::*;
    use serde_json::json;

    const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:alarms";

    fn draft(body: Value) -> Draft {
        match read(&body).expect("taken") {
            Message::Alerts(mut drafts) => drafts.remove(0).expect("taken"),
            other => panic!("{other:?}"),
        }
    }

    fn notification(subject: Value, message: &str) -> Value {
        json!({"Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Subject": subject, "Message": message,
            "Timestamp": "2026-11-20T07:13:02.123Z"})
    }

    #[test]
    fn an_alarm_is_read_out_of_the_message_or_as_the_body_itself() {
        let alarm = json!({"AlarmName": "disk", "NewStateValue": "ALARM"});
        let wrapped = draft(notification(json!("ALARM: \"disk\""), &alarm.to_string()));
        let raw = draft(alarm.clone());
        assert_eq!((wrapped.status, wrapped.title.as_str()), (Status::Warning, "disk"));
        assert_eq!(wrapped.labels["topic_arn"], TOPIC);
        assert_eq!((raw.alert_key, raw.title), (wrapped.alert_key, wrapped.title));
        let object = draft(json!({"Type": "Notification", "Message": alarm}));
        assert_eq!(object.title, "disk");
    }

    #[test]
    fn another_notification_is_for_information_and_called_by_its_subject_or_first_line() {
        let budget = draft(notification(json!("AWS Budgets: limit"), "You are over it."));
        assert_eq!((budget.status, budget.title.as_str()), (Status::Info, "AWS Budgets: limit"));
        assert_eq!((budget.description.as_str(), budget.alert_key.as_str()), ("You are over it.", ""));
        assert_eq!(draft(notification(json!(null), "\n  first \nsecond")).title, "first");
        assert_eq!(draft(notification(json!(null), "")).title, "SNS notification");
    }

    #[test]
    fn an_event_of_eventbridge_is_called_by_its_type() {
        let event = json!({"version": "0", "id": "1", "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2", "account": "123456789012", "region": "eu-central-1", "detail": {"state": "stopped"},
            "resources": ["arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc"]});
        for draft in [draft(event.clone()), draft(notification(json!(null), &event.to_string()))] {
            assert_eq!(draft.title, "EC2 Instance State-change Notification");
            assert_eq!(draft.labels["resource"], "arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc");
            assert!(draft.description.contains("stopped"));
        }
    }

    #[test]
    fn a_subscription_is_confirmed_only_at_the_service_itself() {
        let url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a&Token=t";
        let body = |url: &str| json!({"Type": "SubscriptionConfirmation", "SubscribeURL": url, "Token": "t"});
        assert_eq!(read(&body(url)), Ok(Message::Confirm { url: url.to_owned() }));
        let refusal = read(&body("https://evil.example.net/?Action=ConfirmSubscription")).expect_err("refused");
        assert_eq!(refusal.message, "SubscribeURL: must lead to SNS");
        assert!(read(&json!({"Type": "SubscriptionConfirmation"})).is_err());
    }

    #[test]
    fn the_end_of_a_subscription_is_no_alert() {
        assert_eq!(read(&json!({"Type": "UnsubscribeConfirmation", "SubscribeURL": "x"})), Ok(Message::Nothing));
    }

    #[test]
    fn what_is_not_of_sns_is_refused() {
        assert_eq!(read(&json!([])).expect_err("refused").message, "body: must be a JSON object");
        for body in [json!({}), json!({"Type": "Other"}), json!({"AlarmName": "disk"})] {
            assert!(read(&body).expect_err("refused").message.starts_with("Type: must be one of"), "{body}");
        }
    }

    const NAMES: [&str; 14] = [
        "Type",
        "Message",
        "Subject",
        "TopicArn",
        "SubscribeURL",
        "AlarmName",
        "AlarmArn",
        "NewStateValue",
        "Trigger",
        "Dimensions",
        "Metrics",
        "MetricStat",
        "name",
        "detail-type",
    ];
    const TEXTS: [&str; 7] = ["", "Notification", "ALARM", "OK", "disk", "arn:aws:cloudwatch:a:b:c", "{\"a\":1}"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_can_be_sealed(body in arbitrary::body_of(&NAMES, &TEXTS)) {
            let alarm = json!({"AlarmName": "n", "NewStateValue": body.clone(), "AlarmArn": body.clone(),
                "Trigger": body.clone(), "AlarmDescription": body.clone(), "TriggeringChildren": body.clone()});
            let wrapped = notification(body.clone(), &body.to_string());
            for body in [body, alarm, wrapped] {
                if let Ok(Message::Alerts(drafts)) = read(&body) {
                    arbitrary::all_seal(Ok(drafts))?;
                }
            }
        }
    }
}
