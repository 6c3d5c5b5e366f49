//! What the tests of stores call: the adapter of the `Store` port in a component, whichever was built in. The path says
//! what to do, the query with what; answers are plain text, and 500 with the error where the store failed.

mod cases;

use std::collections::BTreeMap;

use alarum::ports::{Clock as _, Store as _, StoreError, Swap};
use alarum::spin::{Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request, StatusCode};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let query: BTreeMap<String, String> =
        request.uri().query().unwrap_or_default().split('&').filter_map(pair).collect();
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let number = |name: &str| text(name).parse::<u64>().unwrap_or_default();
    let answer = match request.uri().path() {
        "/cases" => Ok(cases::failed(text("key")).await.join("\n")),
        "/race" => race(text("key"), text("was"), text("then"), number("wait_us")).await,
        "/count" => count(text("key"), number("times")).await,
        "/get" => SpinStore.get(text("key")).await.map(|value| shown(value.unwrap_or_default())),
        other => Ok(format!("there is no {other}")),
    };
    match answer {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

fn shown(value: Vec<u8>) -> String {
    String::from_utf8_lossy(&value).into_owned()
}

/// Reads a key to swap it, waits so that others read it as well, and swaps: `stored`, `conflict`, or `late` where
/// somebody has swapped already. An empty `was` stands for a missing key.
async fn race(key: &str, was: &str, then: &str, wait_us: u64) -> Result<String, StoreError> {
    let (value, handle) = SpinStore.read_to_swap(key).await?;
    if shown(value.unwrap_or_default()) != was {
        return Ok("late".to_owned());
    }
    Spin.sleep_us(wait_us).await;
    Ok(match SpinStore.swap(handle, then.as_bytes()).await? {
        Swap::Stored => "stored".to_owned(),
        Swap::Conflict => "conflict".to_owned(),
    })
}

/// Draws numbers from a counter.
async fn count(key: &str, times: u64) -> Result<String, StoreError> {
    let mut drawn = Vec::new();
    for _ in 0..times {
        drawn.push(SpinStore.increment(key, 1).await?.to_string());
    }
    Ok(drawn.join(" "))
}
