//! What the checks share: pushing alerts of this run, finding them again, and closing them in the end.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::Target;
use crate::client::{Answer, Client};

/// The path of pushes by the standard protocol.
pub const STANDARD: &str = "/event/push/alert/standard";
/// How long before the run incidents are listed from, seconds: clocks may differ.
const BEFORE_S: u64 = 120;
/// How long what was pushed may take to be closed, at the end.
const CLOSING: Duration = Duration::from_secs(10);

/// Why a check did not pass.
pub enum Problem {
    /// It is not as it should be.
    Wrong(String),
    /// It cannot be seen here.
    Missing(String),
}

impl From<String> for Problem {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

/// Something that should be equal.
pub fn same<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Result<(), Problem> {
    if found == wanted { Ok(()) } else { Err(Problem::Wrong(format!("{what}: {found:?}, not {wanted:?}"))) }
}

/// Something that should hold.
pub fn holds(what: &str, holds: bool) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::Wrong(what.to_owned())) }
}

/// A run of the suite.
pub struct Run {
    /// For the Open API.
    pub client: Client,
    /// For pushes.
    pub pusher: Client,
    /// The key of tick.
    pub tick_key: Option<String>,
    prefix: String,
    began_s: u64,
    made: AtomicUsize,
}

impl Run {
    /// A run against a deployment.
    pub fn new(target: &Target) -> Self {
        let mut pusher = target.client.clone();
        if let Some(url) = &target.push_url {
            pusher.url = url.trim_end_matches('/').to_owned();
        }
        Self {
            client: target.client.clone(),
            pusher,
            tick_key: target.tick_key.clone(),
            prefix: format!("conformance-{}", target.prefix),
            began_s: now_s(),
            made: AtomicUsize::new(0),
        }
    }

    /// A key that no other alert has.
    pub fn key(&self) -> String {
        format!("{}-{}", self.prefix, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Pushes an alert by the standard protocol; it must be taken.
    pub fn push(&self, key: &str, status: &str) -> Result<Answer, Problem> {
        taken(self.pusher.push(&alert(key, status))?)
    }

    /// Sends a body to a door, with the private integration's key in the query.
    pub fn send(&self, path: &str, body: &Value) -> Result<Answer, Problem> {
        let target = format!("{path}?integration_key={}", self.pusher.push_key);
        taken(self.pusher.send("POST", &target, "application/json", body.to_string().as_bytes())?)
    }

    /// Calls the Open API; it must answer. The answer is its `data`.
    pub fn call(&self, path: &str, body: &Value) -> Result<Value, Problem> {
        let answer = self.client.call(path, body)?;
        match answer.status {
            200 => Ok(answer.body["data"].clone()),
            401 => Err(Problem::Missing("the app key is not valid".to_owned())),
            status => Err(Problem::Wrong(format!("{path} answered {status}: {}", answer.body["error"]))),
        }
    }

    /// The incidents of this run whose key or title contains `key`, oldest first.
    pub fn incidents(&self, key: &str) -> Result<Vec<Value>, Problem> {
        let mut found = Vec::new();
        for page in 1..=20 {
            let query = json!({
                "start_time": self.began_s.saturating_sub(BEFORE_S), "end_time": now_s() + BEFORE_S,
                "p": page, "limit": 100,
            });
            let data = self.call("/incident/list", &query)?;
            let items = data["items"].as_array().ok_or_else(|| format!("/incident/list: no items: {data}"))?;
            let has = |field: &Value| {
                let text = field.as_str().unwrap_or_default();
                // A key is not found in one that is longer.
                text.match_indices(key).any(|(at, _)| !text[at + key.len()..].starts_with(|c: char| c.is_ascii_digit()))
            };
            found.extend(items.iter().filter(|item| has(&item["dedup_key"]) || has(&item["title"])).cloned());
            if data["has_next_page"] != true {
                break;
            }
        }
        found.reverse();
        Ok(found)
    }

    /// The one incident of a key.
    pub fn incident(&self, key: &str) -> Result<Value, Problem> {
        let mut found = self.incidents(key)?;
        match (found.len(), found.pop()) {
            (1, Some(incident)) => Ok(incident),
            (0, _) => Err(Problem::Wrong(
                "the push was answered 200, and no incident is to be seen (does the channel \
                                          drop, silence or group such alerts?)"
                    .to_owned(),
            )),
            (count, _) => Err(Problem::Wrong(format!("one alert made {count} incidents"))),
        }
    }

    /// A new incident: its key and id.
    pub fn open(&self) -> Result<(String, Value), Problem> {
        let key = self.key();
        self.push(&key, "Info")?;
        let id = self.incident(&key)?["incident_id"].clone();
        Ok((key, id))
    }

    /// Recovers and closes everything of this run; what is still open after a while is told.
    pub fn close_all(&self) -> Result<(), String> {
        let end = Instant::now() + CLOSING;
        let told = |problem: Problem| match problem {
            Problem::Wrong(why) | Problem::Missing(why) => why,
        };
        loop {
            let all = self.incidents(&self.prefix).map_err(told)?;
            let open: Vec<&Value> = all.iter().filter(|incident| incident["progress"] != "Closed").collect();
            if open.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                let ids: BTreeSet<String> = open.iter().map(|incident| incident["incident_id"].to_string()).collect();
                return Err(format!("still open: {ids:?}"));
            }
            for incident in open {
                // Only what has no alert but this run's is closed by hand.
                let query = json!({"incident_id": incident["incident_id"]});
                let alerts = self.call("/incident/alert/list", &query).map_err(told)?;
                let own = |alert: &Value| {
                    ["alert_key", "title"].iter().any(|f| alert[*f].as_str().unwrap_or_default().contains(&self.prefix))
                };
                let alerts = alerts["items"].as_array().cloned().unwrap_or_default();
                for alert in alerts.iter().filter(|alert| own(alert)) {
                    let key = alert["alert_key"].as_str().unwrap_or_default();
                    self.push(key, "Ok").map_err(told)?;
                }
                if alerts.iter().all(own) {
                    // It may have closed with its last alert meanwhile: the next look tells.
                    let ids = json!({"incident_ids": [incident["incident_id"]]});
                    self.client.call("/incident/resolve", &ids)?;
                }
            }
        }
    }
}

/// An answer to a push that was taken.
pub fn taken(answer: Answer) -> Result<Answer, Problem> {
    match answer.status {
        200 | 202 => Ok(answer),
        429 => Err(Problem::Missing("the integration's rate limit was reached".to_owned())),
        503 if answer.code() == "RequestTooFrequently" => {
            Err(Problem::Missing("the integration's rate limit was reached".to_owned()))
        }
        status => Err(Problem::Wrong(format!("a push was answered {status}: {}", answer.body["error"]))),
    }
}

/// An alert of the standard protocol.
pub fn alert(key: &str, status: &str) -> Value {
    json!({
        "event_status": status, "title_rule": format!("Alarum's conformance suite: {key}"), "alert_key": key,
        "description": "opened and closed by `cargo xtask conformance`", "labels": {"conformance": key},
    })
}

/// Unix seconds.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
