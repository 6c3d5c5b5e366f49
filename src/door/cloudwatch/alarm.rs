//! A CloudWatch alarm that changed its state (Amazon CloudWatch, "Notifying users on alarm changes"): of one metric, of
//! a formula over several, or composed of other alarms.
//!
//! CloudWatch knows no severities, so all are warnings. So is an alarm that has no data any more: whoever sends that
//! state here wants to hear of it, and it has not recovered.

use serde_json::{Map, Value};

use crate::door::alertmanager::{add_label, pairs, plain};
use crate::door::rfc3339;
use crate::id::short_key;
use crate::intake::fields::ALERT_KEY_CHARS;
use crate::intake::{Draft, Status};

/// Whether these are the fields of an alarm.
pub fn is_alarm(fields: &Map<String, Value>) -> bool {
    ["AlarmName", "NewStateValue"].iter().all(|name| !plain(fields, name).is_empty())
}

/// Reads an alarm.
pub fn read(alarm: &Map<String, Value>) -> Draft {
    let secs = rfc3339::unix_secs(&plain(alarm, "StateChangeTime")).and_then(|secs| u64::try_from(secs).ok());
    let said = ["AlarmDescription", "NewStateReason"].map(|name| plain(alarm, name));
    let mut draft = Draft {
        status: if plain(alarm, "NewStateValue").eq_ignore_ascii_case("OK") { Status::Ok } else { Status::Warning },
        title: plain(alarm, "AlarmName"),
        description: said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n"),
        alert_key: alert_key(alarm),
        event_time: secs.filter(|secs| *secs > 0),
        ..Draft::default()
    };
    add_labels(&mut draft, alarm);
    draft
}

/// The alarm's ARN; where it watches several series and tells which one this is, with that.
fn alert_key(alarm: &Map<String, Value>) -> String {
    let key = match plain(alarm, "AlarmArn") {
        arn if arn.is_empty() => ["AWSAccountId", "Region", "AlarmName"].map(|name| plain(alarm, name)).join("/"),
        arn => arn,
    };
    let key = match plain(alarm, "AlarmContributorId") {
        contributor if contributor.is_empty() => key,
        contributor => format!("{key}#{contributor}"),
    };
    if key.chars().nth(ALERT_KEY_CHARS).is_some() { short_key(key.as_bytes()) } else { key }
}

fn add_labels(draft: &mut Draft, alarm: &Map<String, Value>) {
    let arn = plain(alarm, "AlarmArn");
    // `Region` is a name for people ("EU (Frankfurt)").
    let region = match arn.split(':').nth(3) {
        Some(region) if !region.is_empty() => region.to_owned(),
        _ => plain(alarm, "Region"),
    };
    add_label(draft, "alarm_name", &plain(alarm, "AlarmName"));
    add_label(draft, "region", &region);
    if let Some(Value::Object(trigger)) = alarm.get("Trigger") {
        add_metric(draft, trigger, ["Namespace", "MetricName", "Statistic"]);
        for (field, name) in [
            ("ExtendedStatistic", "statistic"),
            ("Period", "period"),
            ("Threshold", "threshold"),
            ("ComparisonOperator", "comparison"),
        ] {
            add_label(draft, name, &plain(trigger, field));
        }
        for metric in objects(trigger, "Metrics") {
            add_label(draft, "expression", &plain(metric, "Expression"));
            add_formula_metric(draft, metric);
        }
    }
    for (name, value) in pairs(alarm, "AlarmContributorAttributes").unwrap_or_default() {
        add_label(draft, &name, &value);
    }
    add_label(draft, "alarm_rule", &plain(alarm, "AlarmRule"));
    let children: Vec<String> =
        objects(alarm, "TriggeringChildren").map(|child| plain(child, "Arn")).filter(|arn| !arn.is_empty()).collect();
    add_label(draft, "triggering_children", &children.join(", "));
    for (field, name) in [
        ("AWSAccountId", "account_id"),
        ("NewStateValue", "state"),
        ("OldStateValue", "old_state"),
        ("AlarmArn", "alarm_arn"),
    ] {
        add_label(draft, name, &plain(alarm, field));
    }
}

/// A metric of a formula. The first one that is there gives the labels of the metric; dimensions come from all.
fn add_formula_metric(draft: &mut Draft, metric: &Map<String, Value>) {
    let Some(Value::Object(stat)) = metric.get("MetricStat") else {
        return;
    };
    if let Some(Value::Object(metric)) = stat.get("Metric") {
        add_metric(draft, metric, ["Namespace", "MetricName", ""]);
    }
    for (field, name) in [("Stat", "statistic"), ("Period", "period")] {
        add_label(draft, name, &plain(stat, field));
    }
}

/// The metric and its dimensions; `name` and `value` of a dimension begin with a capital where the API's form of it is
/// passed on.
fn add_metric(draft: &mut Draft, metric: &Map<String, Value>, fields: [&str; 3]) {
    for (field, name) in fields.into_iter().zip(["namespace", "metric", "statistic"]) {
        add_label(draft, name, &plain(metric, field));
    }
    for dimension in objects(metric, "Dimensions") {
        let either = |names: [&str; 2]| names.map(|name| plain(dimension, name)).concat();
        let name = either(["name", "Name"]);
        if !name.is_empty() {
            add_label(draft, &name, &either(["value", "Value"]));
        }
    }
}

fn objects<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:db-3 disk";

    fn draft(alarm: Value) -> Draft {
        read(alarm.as_object().expect("an object"))
    }

    fn alarm() -> Value {
        json!({
            "AlarmName": "db-3 disk", "AlarmDescription": "Disk of db-3", "AWSAccountId": "123456789012",
            "NewStateValue": "ALARM", "OldStateValue": "OK", "NewStateReason": "Threshold Crossed: 97.2 > 95.0.",
            "StateChangeTime": "2026-11-20T07:12:56.412+0000", "Region": "EU (Frankfurt)", "AlarmArn": ARN,
            "Trigger": {"MetricName": "disk_used_percent", "Namespace": "CWAgent", "StatisticType": "Statistic",
                "Statistic": "AVERAGE", "Unit": null, "Dimensions": [{"value": "i-0abc", "name": "InstanceId"}],
                "Period": 60, "EvaluationPeriods": 5, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 95.0}
        })
    }

    #[test]
    fn an_alarm_is_read_with_all_that_comes_with_it() {
        let draft = draft(alarm());
        assert_eq!((draft.status, draft.title.as_str()), (Status::Warning, "db-3 disk"));
        assert_eq!(draft.description, "Disk of db-3\nThreshold Crossed: 97.2 > 95.0.");
        assert_eq!((draft.alert_key.as_str(), draft.event_time), (ARN, Some(1_795_158_776)));
        for (name, value) in [
            ("InstanceId", "i-0abc"),
            ("metric", "disk_used_percent"),
            ("namespace", "CWAgent"),
            ("statistic", "AVERAGE"),
            ("threshold", "95.0"),
            ("region", "eu-central-1"),
            ("account_id", "123456789012"),
            ("old_state", "OK"),
        ] {
            assert_eq!(draft.labels.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn only_ok_is_a_recovery() {
        let status = |state: &str| {
            let mut alarm = alarm();
            alarm["NewStateValue"] = json!(state);
            draft(alarm).status
        };
        assert_eq!(status("OK"), Status::Ok);
        assert_eq!(status("ALARM"), Status::Warning);
        assert_eq!(status("INSUFFICIENT_DATA"), Status::Warning);
    }

    #[test]
    fn an_alarm_over_a_formula_names_its_metrics() {
        let mut alarm = alarm();
        alarm["Trigger"] = json!({"Threshold": 0.05, "Metrics": [
            {"Id": "e1", "Expression": "m1/m2", "ReturnData": true},
            {"Id": "m1", "MetricStat": {"Stat": "Sum", "Period": 300, "Metric": {"Namespace": "AWS/ApplicationELB",
                "MetricName": "HTTPCode_Target_5XX_Count", "Dimensions": [{"name": "LoadBalancer", "value": "app/x"}]}}},
            {"Id": "m2", "MetricStat": {"Stat": "Sum", "Period": 300, "Metric": {"Namespace": "AWS/ApplicationELB",
                "MetricName": "RequestCount", "Dimensions": [{"Name": "TargetGroup", "Value": "tg"}]}}}]});
        let labels = draft(alarm).labels;
        assert_eq!(labels["expression"], "m1/m2");
        assert_eq!(labels["metric"], "HTTPCode_Target_5XX_Count");
        assert_eq!((labels["LoadBalancer"].as_str(), labels["TargetGroup"].as_str()), ("app/x", "tg"));
        assert_eq!(labels["statistic"], "Sum");
    }

    #[test]
    fn a_composite_alarm_names_the_alarms_that_made_it_fire() {
        let labels = draft(json!({"AlarmName": "db", "NewStateValue": "ALARM", "AlarmRule": "ALARM(a) OR ALARM(b)",
            "TriggeringChildren": [{"Arn": "arn:a", "State": {"Value": "ALARM"}}, {"Arn": "arn:b"}, 7]}))
        .labels;
        assert_eq!(labels["alarm_rule"], "ALARM(a) OR ALARM(b)");
        assert_eq!(labels["triggering_children"], "arn:a, arn:b");
    }

    #[test]
    fn the_key_is_the_arn_and_tells_series_apart() {
        let with = |name: &str, value: Value| {
            let mut alarm = alarm();
            alarm[name] = value;
            draft(alarm).alert_key
        };
        assert_eq!(with("AlarmContributorId", json!("6d442278")), format!("{ARN}#6d442278"));
        assert_eq!(with("AlarmArn", json!(null)), "123456789012/EU (Frankfurt)/db-3 disk");
        assert_eq!(with("AlarmArn", json!("a".repeat(256))).len(), 22);
    }
}
