//! The webhook of Grafana's dashboard alerts, v4 to v8 (Flashduty, "Grafana Integration"; Grafana 8, "Alert
//! notifications"): one push is one rule's new state.
//!
//! There is no fingerprint. A rule is known by its number, which only its own Grafana and organisation can tell from
//! another's, so both go into the key.

use serde_json::{Map, Value};

use super::alertmanager::{add_label, pairs, plain};
use super::grafana::IMAGE_ALT;
use super::severity;
use crate::error::ApiError;
use crate::intake::fields::{ALERT_KEY_CHARS, cut, limited};
use crate::intake::{Draft, Image, Status};

/// Reads the body of a push.
///
/// # Errors
/// `InvalidParameter` where `tags` is not an object.
pub fn read(body: &Map<String, Value>) -> Result<Draft, ApiError> {
    // The first releases wrote some names otherwise.
    let [rule_url, image_url] = [["ruleUrl", "rule_url"], ["imageUrl", "image_url"]].map(|names| either(body, names));
    let matches = matches(body);
    let mut draft = Draft {
        status: status(&plain(body, "state")),
        title: title(body),
        description: description(body, &matches),
        labels: limited(pairs(body, "tags")?),
        alert_key: alert_key(body, &rule_url),
        ..Draft::default()
    };
    add_label(&mut draft, "rule_url", &rule_url);
    for (field, name) in [
        ("ruleName", "rule_name"),
        ("ruleId", "rule_id"),
        ("orgId", "org_id"),
        ("dashboardId", "dashboard_id"),
        ("panelId", "panel_id"),
    ] {
        add_label(&mut draft, name, &plain(body, field));
    }
    // With one series it is clear what the alert is about. Tags of an odd shape only say less about it.
    if let [only] = matches.as_slice() {
        add_label(&mut draft, "metric", &plain(only, "metric"));
        for (name, value) in pairs(only, "tags").unwrap_or_default() {
            add_label(&mut draft, &name, &value);
        }
    }
    if !image_url.is_empty() {
        draft.images.push(Image { src: image_url, alt: IMAGE_ALT.to_owned(), href: rule_url });
    }
    Ok(draft)
}

fn status(state: &str) -> Status {
    match state {
        "alerting" => Status::Warning,
        "no_data" => Status::Critical,
        "ok" => Status::Ok,
        // Nothing has been found wrong, but neither has anything recovered.
        "paused" | "pending" | "unknown" => Status::Info,
        other => severity::of_word(other).unwrap_or(Status::Warning),
    }
}

/// The rule's name. The title says the state before it ("[OK] disk"), so it would change with it.
fn title(body: &Map<String, Value>) -> String {
    let (name, title) = (plain(body, "ruleName"), plain(body, "title"));
    let bare = title.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(title.as_str(), |(_, rest)| rest);
    [name.as_str(), bare].into_iter().find(|text| !text.is_empty()).unwrap_or("Grafana alert").to_owned()
}

/// The message, else what was measured.
fn description(body: &Map<String, Value>, matches: &[&Map<String, Value>]) -> String {
    let message = plain(body, "message");
    if !message.is_empty() {
        return message;
    }
    let measured = matches.iter().map(|series| format!("{}: {}", plain(series, "metric"), plain(series, "value")));
    measured.collect::<Vec<_>>().join(", ")
}

/// The series that made the rule fire.
fn matches(body: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    let matches = body.get("evalMatches").and_then(Value::as_array);
    matches.into_iter().flatten().filter_map(Value::as_object).collect()
}

/// Organisation, rule and Grafana; empty where nothing says which rule it is, so that the key is derived.
fn alert_key(body: &Map<String, Value>, rule_url: &str) -> String {
    let names = [plain(body, "ruleId"), rule_url.to_owned(), plain(body, "ruleName")];
    let Some(rule) = names.into_iter().find(|name| !name.is_empty()) else {
        return String::new();
    };
    let key = format!("{}/{rule}@{}", plain(body, "orgId"), host(rule_url));
    cut(&key, ALERT_KEY_CHARS).to_owned()
}

/// The host, with its port, of a URL; empty where it is none.
fn host(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    after_scheme.split(['/', '?', '#']).next().unwrap_or_default()
}

fn either(body: &Map<String, Value>, names: [&str; 2]) -> String {
    names.into_iter().map(|name| plain(body, name)).find(|text| !text.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(body: Value) -> Draft {
        read(body.as_object().expect("an object")).expect("taken")
    }

    fn alerting() -> Value {
        json!({
            "title": "[Alerting] Queue too long", "ruleId": 41, "ruleName": "Queue too long", "state": "alerting",
            "ruleUrl": "https://g.example.net/d/q7/queues?tab=alert&viewPanel=2&orgId=1",
            "imageUrl": "https://img.example.net/41.png", "message": "The queue is not drained.",
            "evalMatches": [{"value": 712, "metric": "jobs", "tags": {"queue": "mail", "team": "evil"}}],
            "orgId": 1, "dashboardId": 9, "panelId": 2, "tags": {"team": "mail"}
        })
    }

    #[test]
    fn states_mean_what_the_table_says() {
        for (state, status) in [
            ("alerting", Status::Warning),
            ("no_data", Status::Critical),
            ("ok", Status::Ok),
            ("paused", Status::Info),
            ("pending", Status::Info),
            ("unknown", Status::Info),
            ("critical", Status::Critical),
            ("what", Status::Warning),
        ] {
            assert_eq!(draft(json!({"state": state})).status, status, "{state}");
        }
    }

    #[test]
    fn a_state_is_read_with_all_that_comes_with_it() {
        let draft = draft(alerting());
        assert_eq!(draft.title, "Queue too long");
        assert_eq!(draft.description, "The queue is not drained.");
        assert_eq!(draft.alert_key, "1/41@g.example.net");
        assert_eq!(draft.labels["team"], "mail");
        assert_eq!(draft.labels["queue"], "mail");
        assert_eq!(draft.labels["panel_id"], "2");
        assert_eq!(draft.images[0].href, draft.labels["rule_url"]);
    }

    #[test]
    fn alerting_and_ok_have_the_same_key_and_title() {
        let mut body = alerting();
        body["state"] = json!("ok");
        body["title"] = json!("[OK] Queue too long");
        body["evalMatches"] = json!(null);
        let (firing, ok) = (draft(alerting()), draft(body));
        assert_eq!((firing.alert_key, firing.title), (ok.alert_key, ok.title));
    }

    #[test]
    fn rules_of_two_organisations_or_two_grafanas_are_two_alerts() {
        let key = |org: u8, url: &str| draft(json!({"ruleId": 41, "orgId": org, "ruleUrl": url})).alert_key;
        assert_ne!(key(1, "https://a.example.net/d/1"), key(2, "https://a.example.net/d/1"));
        assert_ne!(key(1, "https://a.example.net/d/1"), key(1, "https://b.example.net/d/1"));
        assert_eq!(key(1, "https://a.example.net/d/1?x=2"), key(1, "https://a.example.net/d/2"));
    }

    #[test]
    fn a_rule_without_number_is_known_by_its_url_or_its_name() {
        assert_eq!(draft(json!({"rule_url": "https://a.net/d/1"})).alert_key, "/https://a.net/d/1@a.net");
        assert_eq!(draft(json!({"ruleName": "disk", "orgId": 3})).alert_key, "3/disk@");
        assert_eq!(draft(json!({"state": "alerting"})).alert_key, "");
        let long = draft(json!({"ruleName": "é".repeat(300), "orgId": 3})).alert_key;
        assert_eq!(long.chars().count(), ALERT_KEY_CHARS);
    }

    #[test]
    fn the_title_without_a_rule_name_loses_its_state() {
        assert_eq!(draft(json!({"title": "[No Data] disk"})).title, "disk");
        assert_eq!(draft(json!({"title": "disk [sda]"})).title, "disk [sda]");
        assert_eq!(draft(json!({"state": "alerting"})).title, "Grafana alert");
    }

    #[test]
    fn without_a_message_the_description_is_what_was_measured() {
        let body = json!({"state": "alerting", "evalMatches": [{"metric": "High value", "value": 100},
            {"metric": "Higher Value", "value": 200.5, "tags": null}, "x"]});
        assert_eq!(draft(body).description, "High value: 100, Higher Value: 200.5");
    }
}
