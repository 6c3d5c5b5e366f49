//! What a list of incidents costs: one channel has so many closed ones, and they are asked for by several filters.

use std::time::Instant;

use alarum::api::Api;
use alarum::board::{Board, Incident, Progress};
use alarum::config::{Config, Document};
use alarum::http::Request;
use alarum::intake::Severity;
use alarum::keys;
use alarum::ports::Store;
use alarum::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock::{percentiles, step_us, us_since};
use crate::fold::{BEGIN, CHANNEL, CONFIG, Journal, ready};
use crate::memory::Memory;

/// Incidents that leave the board together.
const TOGETHER: usize = 200;
const KEY: &str = "bench-key-0123456789";

/// Lists incidents `n` times by each of several filters, each time by an instance that has read nothing yet. One a
/// second was closed; every hundredth is critical, every ten-thousandth has a label that no other has.
///
/// # Errors
/// When a list is not answered as it must be.
pub fn measure(closed: usize, n: usize) -> Result<Value, String> {
    let memory = filled(closed)?;
    let text = format!("{CONFIG}\napp_keys = [{{ name = 'bench', key = '{KEY}' }}]");
    let config = Document::parse(&text).and_then(Config::read_without_rules).map_err(|error| error.to_string())?;
    let last = BEGIN + closed as u64;
    let filters = [
        ("newest", json!({})),
        ("critical", json!({"incident_severity": "Critical"})),
        ("label", json!({"labels": {"rare": "yes"}})),
        ("words", json!({"query": "db-77 almost"})),
        ("page 100", json!({"p": 100})),
        (
            "all filters",
            json!({"progress": "Closed", "incident_severity": "Critical", "channel_ids": [CHANNEL],
            "closer_ids": [0], "creator_ids": [0], "ever_muted": false, "is_snoozed": false, "query": "disk"}),
        ),
    ];
    let mut cases = Map::new();
    for (name, filter) in filters {
        let mut body = json!({"start_time": BEGIN, "end_time": last + 60, "limit": 100});
        if let (Some(body), Value::Object(filter)) = (body.as_object_mut(), filter) {
            body.extend(filter);
        }
        let (mut samples, reads) = (Vec::with_capacity(n), memory.reads.get());
        let mut shown = 0;
        for _ in 0..n {
            let begun = Instant::now();
            let answer = ready(Api::default().handle(&memory, &memory, Some(&config), &request(&body)))?;
            samples.push(us_since(begun));
            let answer: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
            shown = answer["data"]["items"].as_array().ok_or_else(|| answer.to_string())?.len();
        }
        let [p50, p99] = percentiles(samples, [50, 99]);
        let reads = (memory.reads.get() - reads) / n;
        cases.insert(name.to_owned(), json!({"p50_us": p50, "p99_us": p99, "reads": reads, "shown": shown}));
    }
    Ok(json!({"cases": cases, "clock_us": step_us()}))
}

fn request(body: &Value) -> Request {
    Request {
        method: "POST".to_owned(),
        path: "/incident/list".to_owned(),
        query: format!("app_key={KEY}"),
        content_type: None,
        authorization: None,
        user_agent: None,
        body: Ok(body.to_string().into_bytes()),
    }
}

/// A store whose only channel has so many closed incidents.
fn filled(closed: usize) -> Result<Memory, String> {
    let memory = Journal::with_one_alert()?.memory;
    let key = keys::root(&keys::board_name(CHANNEL), 1);
    let head = ready(memory.get(&key))?.ok().flatten().ok_or("there is no board")?;
    let mut board = Board::decode(&head).map_err(|error| error.to_string())?;
    for nth in 0..closed {
        let mut step = board.step();
        let left = step.leave(incident(nth)).map_err(|_| "a page is missing")?;
        let changes = step.changes();
        board.commit(changes);
        left.writes.into_iter().for_each(|(key, value)| memory.put(&key, &value));
        if (nth + 1) % TOGETHER == 0 || nth + 1 == closed {
            let now = Timestamp::from_secs(BEGIN + closed as u64 + 60);
            let encoded = board.encode(nth as u64 + 1, now).map_err(|_| "a page is missing")?;
            encoded.writes.into_iter().for_each(|(key, value)| memory.put(&key, &value));
            memory.put(&key, &encoded.head);
            memory.at(now);
        }
    }
    Ok(memory)
}

fn incident(nth: usize) -> Incident {
    let secs = BEGIN + nth as u64;
    let mut labels = vec![("host".to_owned(), format!("db-{}", nth % 97)), ("team".to_owned(), "storage".to_owned())];
    if nth % 10_000 == 5000 {
        labels.push(("rare".to_owned(), "yes".to_owned()));
    }
    Incident {
        incident_id: format!("{secs:08x}{nth:016x}"),
        channel_id: CHANNEL,
        title: format!("Disk of db-{} is almost full", nth % 997),
        description: "3 % left, 12 h to go at the rate of the last day".to_owned(),
        incident_severity: if nth.is_multiple_of(100) { Severity::Critical } else { Severity::Warning },
        progress: Progress::Closed,
        start_time: secs,
        close_time: secs + 30,
        labels: labels.into_iter().collect(),
        ..Incident::default()
    }
}
