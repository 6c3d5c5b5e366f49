//! What things cost in the guest: on request, does everything that a push costs before it is stored, or everything
//! that a fold or a list does, as often as is wanted, and answers how long that took. No network is in it, and no store but one in
//! the guest's own memory.

mod clock;
mod fold;
mod intake;
mod intake_case;
mod listing;
mod memory;

use form_urlencoded::parse;
use spin_sdk::http::{IntoResponse, Request, StatusCode};
use spin_sdk::http_service;

use self::intake_case::Case;

/// The most repetitions of one request.
const MOST: usize = 20_000;
/// The most closed incidents of a list.
const CLOSED: usize = 100_000;

/// `POST /intake?case=<name>&n=<times>`, `POST /fold?case=<name>&open=<alerts>&pages=<kept or read>&n=<times>`,
/// `POST /list?closed=<incidents>&n=<times>`.
#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    match measured(request.uri().path(), request.uri().query().unwrap_or_default()) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(problem) => (StatusCode::BAD_REQUEST, problem),
    }
}

fn measured(path: &str, query: &str) -> Result<String, String> {
    let value = |name: &str| parse(query.as_bytes()).find(|(given, _)| given == name).map(|(_, value)| value);
    let up_to = |name: &str, most| value(name).and_then(|text| text.parse::<usize>().ok()).filter(|n| *n <= most);
    let number = |name: &str| up_to(name, MOST);
    let n = number("n").filter(|n| *n > 0).ok_or_else(|| format!("n: must be 1 to {MOST}"))?;
    let case = value("case").unwrap_or_default();
    let answer = match (path, case.as_ref()) {
        ("/fold", case) => {
            let open = number("open").ok_or_else(|| format!("open: must be at most {MOST}"))?;
            fold::measure(case, open, value("pages").as_deref() == Some("kept"), n)?
        }
        ("/list", _) => {
            let closed = up_to("closed", CLOSED).ok_or_else(|| format!("closed: must be at most {CLOSED}"))?;
            listing::measure(closed, n)?
        }
        (_, "cold") => intake::cold(n)?,
        (_, name) => intake::warm(&Case::named(name).ok_or_else(|| format!("case: there is no {name}"))?, n)?,
    };
    Ok(answer.to_string())
}
