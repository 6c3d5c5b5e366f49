//! The matrix of receivers: whatever a subscriber does, an attempt ends within its limit, is classified right, and
//! stands in the history; and nobody else notices.

use std::net::TcpListener;

use blackbox::{Behaviour, Deployment, Odd, Options};
use serde_json::{Value, json};

/// The longest that an attempt may take, milliseconds: its limit, and what a host needs to notice.
const LONGEST_MS: u64 = 1050;
/// A machine that does other things may be late by itself; one that is late every time is not the machine.
const TRIES: usize = 3;

/// What becomes of an event that was not taken.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Taken,
    TriedAgain,
    GivenUp,
    Stopped,
}

struct Case {
    name: &'static str,
    url: String,
    /// It; `None`: nobody is there.
    odd: Option<Odd>,
    status_code: u64,
    then: Then,
}

fn case(name: &'static str, behaviour: Behaviour, status_code: u64, then: Then) -> Case {
    let odd = Odd::start(behaviour);
    Case { name, url: odd.url.clone(), odd: Some(odd), status_code, then }
}

fn answers(name: &'static str, head: &str, status_code: u64, then: Then) -> Case {
    case(name, Behaviour::Answers(head.to_owned()), status_code, then)
}

fn cases() -> Vec<Case> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let nobody = |name, scheme| {
        let url = format!("{scheme}://{free}/nobody");
        Case { name, url, odd: None, status_code: 0, then: Then::TriedAgain }
    };
    let babbles = Odd::start(Behaviour::Babbles);
    let url = babbles.url.replace("http:", "https:");
    let no_tls = Case { name: "no TLS at all", url, odd: Some(babbles), status_code: 0, then: Then::TriedAgain };
    vec![
        answers("200", "200 OK", 200, Then::Taken),
        answers("204", "204 No Content", 204, Then::Taken),
        case("301 to itself", Behaviour::RedirectsToItself, 301, Then::GivenUp),
        answers("301 to a forbidden place", "301 Moved\r\nlocation: http://169.254.169.254/latest", 301, Then::GivenUp),
        answers("400", "400 Bad Request", 400, Then::GivenUp),
        answers("410", "410 Gone", 410, Then::Stopped),
        answers("429", "429 Too Many Requests\r\nretry-after: 600", 429, Then::TriedAgain),
        answers("500", "500 Internal Server Error", 500, Then::TriedAgain),
        nobody("a closed port", "http"),
        case("accepts and hangs", Behaviour::Hangs, 0, Then::TriedAgain),
        case("a byte a second", Behaviour::Drips, 0, Then::TriedAgain),
        case("a reset in the middle", Behaviour::Resets, 0, Then::TriedAgain),
        case("an answer of 100 MB", Behaviour::Floods(100_000_000), 200, Then::Taken),
        case("a certificate that nobody signed", Behaviour::SelfSigned, 0, Then::TriedAgain),
        no_tls,
        case("no HTTP", Behaviour::Babbles, 0, Then::TriedAgain),
    ]
}

/// Sends an event to all of them. Returns how long the longest attempt took, milliseconds; `None` where it cannot be
/// run.
fn longest() -> Option<u64> {
    let cases = cases();
    let receivers = cases.iter().map(|case| case.url.clone()).collect();
    let deployment = Deployment::start(Options { receivers, memory: true, ..Options::default() })?;
    let client = &deployment.client;
    let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": "k"});
    assert_eq!(client.push(&body).expect("answered").status, 200);
    let all = json!({"limit": 100, "start_time": 0, "end_time": 9_999_999_999_999_u64});
    let history = |client: &blackbox::Client| {
        let answer = client.call("/webhook/history/list", &all).expect("answered");
        let items = answer.body["data"]["items"].as_array().cloned().expect("items");
        (items.len() >= cases.len()).then_some(items)
    };
    let attempts = client.wait(20, history).expect("an attempt for each");
    let fares = client.call("/webhook/list", &json!({})).expect("answered");
    let mut longest = 0;
    for (nth, case) in cases.iter().enumerate() {
        let of = |items: &[Value]| items.iter().find(|item| item["integration_id"] == nth + 1).cloned();
        let attempt = of(&attempts).unwrap_or_else(|| panic!("{}: no attempt", case.name));
        let fares = fares.body["data"]["items"].as_array().and_then(|items| of(items)).expect("its state");
        let name = case.name;
        let status = if case.then == Then::Taken { "success" } else { "failed" };
        assert_eq!((&attempt["attempt"], attempt["status"].as_str()), (&json!(1), Some(status)), "{name}: {attempt}");
        assert_eq!(attempt["status_code"], case.status_code, "{name}: {attempt}");
        let waits = matches!(case.then, Then::TriedAgain | Then::Stopped);
        assert_eq!(fares["waiting"], u64::from(waits), "{name}: {fares}");
        assert_eq!(fares["status"] == "gone", case.then == Then::Stopped, "{name}: {fares}");
        if let Some(odd) = &case.odd {
            let none = name.starts_with("no TLS") || name.starts_with("a certificate");
            assert_eq!(odd.requests(), usize::from(!none), "{name}: asked once, and nothing said without TLS");
        }
        let took = attempt["duration"].as_u64().expect("a duration");
        eprintln!("{took:5} ms  {name}: {}", attempt["error_message"]);
        longest = longest.max(took);
    }
    Some(longest)
}

#[test]
fn whatever_a_receiver_does_an_attempt_ends_in_time_and_is_classified_right() {
    let mut all = Vec::new();
    for _ in 0..TRIES {
        let Some(longest) = longest() else { return };
        if longest <= LONGEST_MS {
            return;
        }
        all.push(longest);
    }
    panic!("attempts took {all:?} ms");
}
