//! Whether what was answered is there: asked of `/incident/list`.

use super::client::Client;
use super::config::APP_KEY;
use super::load::Sent;
use super::push::Kind;
use super::session::Session;
use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;

/// How much the clocks of the application and of this program may differ, seconds.
const MARGIN: f64 = 0.01;
/// Incidents on a page, the most that the protocol allows.
const LIMIT: u64 = 100;

/// Checks that the incidents are listed that a load made in one second of it (all that it made, where its pushes share
/// one alert key).
///
/// # Errors
/// When one is missing, or the list cannot be read.
pub async fn listed(session: &Session, sent: &Sent) -> Result<()> {
    let kind = sent.order.kind;
    if matches!(kind, Kind::Floor | Kind::Batch) {
        return Ok(());
    }
    let pushes = sent.fired().map(|(key, a)| (key, session.second(a.begun), session.second(a.at)));
    let (from, to, keys) = if kind.has_own_keys() {
        let pushes: Vec<_> = pushes.collect();
        let middle = pushes.iter().map(|(_, _, at)| at).sum::<f64>() / pushes.len().max(1) as f64;
        let second = middle.floor();
        let (from, to) = (second + MARGIN, second + 1.0 - MARGIN);
        let inside = pushes.into_iter().filter(|(_, begun, at)| *begun >= from && *at <= to);
        (second as u64, second as u64, inside.map(|(key, _, _)| key).collect::<Vec<_>>())
    } else {
        let (key, begun, at) = pushes.min_by(|a, b| a.1.total_cmp(&b.1)).context("nothing was answered")?;
        // The first to be sent need not be the first to be received.
        ((begun - 1.0) as u64, (at + 10.0) as u64, vec![key])
    };
    let found = dedup_keys(session, from, to).await?;
    let missing: Vec<&String> = keys.iter().filter(|key| !found.contains(*key)).collect();
    ensure!(
        missing.is_empty(),
        "{} of {} answered alerts are not in /incident/list, the first is {:?}",
        missing.len(),
        keys.len(),
        missing.first()
    );
    Ok(())
}

/// The alert keys of all incidents that started from one second to another.
async fn dedup_keys(session: &Session, from: u64, to: u64) -> Result<HashSet<String>> {
    let mut client = Client::connect(session.app.address).await?;
    let mut found = HashSet::new();
    for page in 1.. {
        let query = json!({"start_time": from, "end_time": to, "p": page, "limit": LIMIT});
        let path = format!("/incident/list?app_key={APP_KEY}");
        let (status, body) = client.send(Method::POST, &path, Bytes::from(query.to_string())).await?;
        let shown = || String::from_utf8_lossy(&body).into_owned();
        ensure!(status == StatusCode::OK, "/incident/list answered {status}: {}", shown());
        let list: Value = serde_json::from_slice(&body).with_context(shown)?;
        let items = list["data"]["items"].as_array().with_context(|| format!("/incident/list: {}", shown()))?;
        found.extend(items.iter().filter_map(|item| item["dedup_key"].as_str()).map(str::to_string));
        if list["data"]["has_next_page"] != true {
            break;
        }
    }
    Ok(found)
}
