//! The promises, as far as a black box shows them: what was answered is there, one key makes one incident, bad input
//! breaks nothing, subscribers are told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Test;
use super::run::{Problem, Run, alert, holds, now_s, same, taken};

const SECTION: &str = "Promises";
/// How many alerts are pushed side by side.
const SIDE_BY_SIDE: usize = 64;
/// How many alerts must all be seen.
const VISIBLE: usize = 40;
/// How long a subscriber may take to be told.
const TOLD: Duration = Duration::from_secs(10);

/// The checks.
pub const TESTS: &[Test] = &[
    (SECTION, "P1: every push that was answered is visible", visible),
    (SECTION, "P3: 64 simultaneous first alerts make one incident", simultaneous),
    (SECTION, "P5: bad input is never answered with a 5xx", bad_input),
    (SECTION, "/tick answers", tick),
    (SECTION, "subscribers are told of a new incident", told),
];

/// Pushes bodies side by side; how many were taken.
fn push_all(run: &Run, bodies: &[Value]) -> Result<(), Problem> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = bodies.iter().map(|body| scope.spawn(move || taken(run.pusher.push(body)?))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(Problem::Wrong("a client panicked".to_owned())),
        })
    })
}

fn visible(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    let keys: Vec<String> = (0..VISIBLE).map(|nth| format!("{key}/{nth}")).collect();
    for part in keys.chunks(8) {
        let bodies: Vec<_> = part.iter().map(|key| alert(key, "Info")).collect();
        push_all(run, &bodies)?;
    }
    let found = run.incidents(&key)?;
    let seen = |key: &&String| found.iter().any(|incident| incident["dedup_key"] == key.as_str());
    same("visible", keys.iter().filter(seen).count(), VISIBLE)?;
    let recoveries: Vec<_> = keys.iter().map(|key| alert(key, "Ok")).collect();
    taken(run.pusher.push(&json!(recoveries))?)?;
    let open = run.incidents(&key)?.iter().filter(|incident| incident["incident_status"] != "Ok").count();
    same("not recovered", open, 0)
}

fn simultaneous(run: &Run) -> Result<(), Problem> {
    let key = run.key();
    push_all(run, &vec![alert(&key, "Info"); SIDE_BY_SIDE])?;
    // That they all say the same may count as one event: how many there were is not asked.
    same("alert_cnt", run.incident(&key)?["alert_cnt"].as_u64(), Some(1))
}

fn bad_input(run: &Run) -> Result<(), Problem> {
    let doors = [
        "/event/push/alert/standard",
        "/event/push/alert/prometheus",
        "/event/push/alert/grafana",
        "/event/push/alert/pagerduty",
        "/event/push/alert/n9e",
        "/event/push/alert/zabbix",
        "/event/push/alert/cloudwatch",
        "/event/push/change/standard",
        "/push/incident/comment-by-alert",
        "/api/v2/alerts",
        "/v2/enqueue",
    ];
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    // Some doors make an alert of any object. What they make bears a name by which it is found and closed.
    let named = |rest: &str| {
        let name = run.key();
        format!(r#"{{"rule_name":"{name}","event_name":"{name}","trigger_name":"{name}",{rest}}}"#)
    };
    let lists = named(r#""alerts":[{"labels":7}]"#);
    let mixed = named(r#""event_status":{"a":[]},"title_rule":[],"labels":"x","payload":1,"Message":"{""#);
    let bodies: [&[u8]; 8] = [
        b"",
        b"null",
        b"\"\"",
        b"[null]",
        lists.as_bytes(),
        mixed.as_bytes(),
        b"{\"a\":\"\xff\xfe\"}",
        deep.as_bytes(),
    ];
    let calls = ["/incident/list", "/incident/info", "/incident/ack", "/alert/info", "/webhook/history/list"];
    let pushes = doors.iter().map(|door| (&run.pusher, format!("{door}?integration_key={}", run.pusher.push_key)));
    let calls = calls.iter().map(|call| (&run.client, format!("{call}?app_key={}", run.client.app_key)));
    for (client, target) in pushes.chain(calls) {
        for body in bodies {
            let answer = client.send("POST", &target, "application/json", body)?;
            let path = target.split('?').next().unwrap_or_default();
            let shown: String = String::from_utf8_lossy(body).chars().take(40).collect();
            let limited = answer.code() == "RequestTooFrequently";
            holds(&format!("{path} answered {} to {shown}", answer.status), answer.status < 500 || limited)?;
        }
    }
    Ok(())
}

fn tick(run: &Run) -> Result<(), Problem> {
    let query = run.tick_key.as_ref().map(|key| format!("?key={key}")).unwrap_or_default();
    let answer = run.client.send("POST", &format!("/tick{query}"), "application/json", b"")?;
    match (answer.status, &run.tick_key) {
        (200, _) => Ok(()),
        (401, None) => Err(Problem::Missing("it asks for a key; give --tick-key".to_owned())),
        (status, _) => Err(Problem::Wrong(format!("it answered {status}"))),
    }
}

fn told(run: &Run) -> Result<(), Problem> {
    let (_, id) = run.open()?;
    let channel = run.call("/incident/info", &json!({"incident_id": id}))?["channel_id"].clone();
    let list = run.call("/webhook/list", &json!({}))?;
    let has = |list: &Value, wanted: &Value| list.as_array().is_none_or(|l| l.is_empty() || l.contains(wanted));
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let covers = |s: &&Value| {
        // One that was slow lately is told all the same.
        (s["status"] == "healthy" || s["status"] == "failing")
            && has(&s["channel_ids"], &channel)
            && has(&s["event_types"], &json!("i_new"))
    };
    if !items.iter().any(|subscription| covers(&subscription)) {
        let why = "no healthy subscription is told of new incidents of this channel";
        return Err(Problem::Missing(why.to_owned()));
    }
    let (end, now_ms) = (Instant::now() + TOLD, now_s() * 1000);
    let query = json!({"start_time": now_ms - 600_000, "end_time": now_ms + 600_000, "limit": 100, "ref_id": id});
    loop {
        let history = run.call("/webhook/history/list", &query)?;
        let attempts = history["items"].as_array().cloned().unwrap_or_default();
        if attempts.iter().any(|attempt| attempt["event_type"] == "i_new" && attempt["status"] == "success") {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(match attempts.first() {
                // That it was tried is all that Alarum owes by now.
                Some(attempt) => Problem::Missing(format!("it was tried; {}", attempt["error_message"])),
                None => Problem::Missing(
                    "nobody was told; the subscriptions may have filters, or no /tick comes".to_owned(),
                ),
            });
        }
        // Delivery may wait for tick.
        let _ = tick(run);
        std::thread::sleep(Duration::from_millis(250));
    }
}
