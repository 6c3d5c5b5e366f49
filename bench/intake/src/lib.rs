//! What intake costs in the guest: on request, does everything that a push costs before it is stored, as often as is
//! wanted, and answers how long that took. Nothing else is done, so no store and no network is in it.

mod case;
mod clock;
mod measure;

use form_urlencoded::parse;
use spin_sdk::http::{IntoResponse, Request, StatusCode};
use spin_sdk::http_service;

use self::case::Case;

/// The most repetitions of one request.
const MOST: usize = 20_000;

/// `POST /intake?case=<name>&n=<times>`.
#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    match measured(request.uri().query().unwrap_or_default()) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(problem) => (StatusCode::BAD_REQUEST, problem),
    }
}

fn measured(query: &str) -> Result<String, String> {
    let value = |name: &str| parse(query.as_bytes()).find(|(given, _)| given == name).map(|(_, value)| value);
    let n = value("n").and_then(|n| n.parse().ok()).filter(|n| (1..=MOST).contains(n));
    let n = n.ok_or_else(|| format!("n: must be 1 to {MOST}"))?;
    let case = value("case").unwrap_or_default();
    let answer = match case.as_ref() {
        "cold" => measure::cold(n)?,
        name => measure::warm(&Case::named(name).ok_or_else(|| format!("case: there is no {name}"))?, n)?,
    };
    Ok(answer.to_string())
}
