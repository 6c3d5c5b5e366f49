//! Receivers: their webhooks as subscriptions; all other ways to tell people are reported.

use crate::import::notes::Notes;
use crate::import::yaml::{Parts, Yaml};
use alarum::config::Delivery;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Whose it is.
    pub receiver: String,
    /// Its URL.
    pub url: String,
    /// Whether it hears of the end.
    pub resolved: bool,
    /// Headers with their values, which are secret.
    pub headers: Vec<(String, String)>,
    /// The limit for one attempt.
    pub timeout_ms: Option<u64>,
    /// Where it stands.
    pub place: String,
    /// On which line.
    pub line: usize,
}

/// The name of a receiver and its webhooks.
pub fn read(yaml: &Yaml, place: &str, usual: Option<&Yaml>, notes: &mut Notes) -> (String, Vec<Webhook>) {
    let mut parts = yaml.parts(place);
    let name = parts.text("name").unwrap_or_default();
    let mut webhooks = Vec::new();
    for (place, entry) in parts.list("webhook_configs") {
        webhooks.extend(webhook(entry, &place, &name, usual, notes));
    }
    for (kind, part) in parts.ending("_configs") {
        for (nth, entry) in part.entries().into_iter().enumerate() {
            let what = kind.trim_end_matches("_configs");
            let why =
                format!("Alarum tells by webhook alone; put what sends to {what} behind a webhook (docs/receivers.md)");
            notes.left(entry.line, &format!("{place}.{kind}[{nth}]"), &why);
        }
    }
    parts.finish("this import does not know it", notes);
    (name, webhooks)
}

fn webhook(yaml: &Yaml, place: &str, receiver: &str, usual: Option<&Yaml>, notes: &mut Notes) -> Option<Webhook> {
    let mut parts = yaml.parts(place);
    parts.leave("url_file", "a subscription has its URL in the configuration", notes);
    parts.leave("max_alerts", "a webhook tells of one incident", notes);
    parts.leave("payload", "the body is Alarum's, or one by a template of the subscription (docs/webhooks.md)", notes);
    let timeout_ms = parts.text("timeout").and_then(|text| {
        let found = milliseconds(&text).filter(|ms| *ms > 0);
        if !found.is_some_and(|ms| (100..=30_000).contains(&ms)) {
            notes.left(
                yaml.line,
                &format!("{place}.timeout"),
                "a subscription's is 100 ms to 30 s; it was fitted to that",
            );
        }
        found.map(|ms| ms.clamp(100, 30_000))
    });
    let resolved = parts.take("send_resolved").is_none_or(Yaml::is_true);
    let url = parts.text("url");
    let own = parts.take("http_config");
    let headers = match own.or(usual) {
        Some(http) => headers(http, &format!("{place}.http_config"), notes),
        None => Vec::new(),
    };
    parts.finish("this import does not know it", notes);
    let Some(url) = url else {
        notes.left(yaml.line, place, "it has no url here, so no subscription could be made");
        return None;
    };
    if let Err(problem) = allowed(&url) {
        notes.left(yaml.line, place, &format!("no subscription could be made: url: {problem}"));
        return None;
    }
    Some(Webhook {
        receiver: receiver.to_owned(),
        url,
        resolved,
        headers,
        timeout_ms,
        place: place.to_owned(),
        line: yaml.line,
    })
}

/// Whether Alarum would send there at all, with everything allowed that can be.
fn allowed(url: &str) -> Result<(), String> {
    let all = Delivery { allow_http: true, allow_private_targets: true, ..Delivery::default() };
    alarum::delivery::target::check(url, &all).map_err(|problem| problem.to_string())
}

/// What is needed for a URL: plain HTTP, private addresses.
pub fn needs(url: &str) -> (bool, bool) {
    let check = |allow_http, allow_private_targets| {
        let delivery = Delivery { allow_http, allow_private_targets, ..Delivery::default() };
        alarum::delivery::target::check(url, &delivery).is_ok()
    };
    let choices = [(false, false), (true, false), (false, true)];
    choices.into_iter().find(|(http, private)| check(*http, *private)).unwrap_or((true, true))
}

/// The headers that an HTTP client is to send.
fn headers(yaml: &Yaml, place: &str, notes: &mut Notes) -> Vec<(String, String)> {
    let mut parts = yaml.parts(place);
    let mut headers = Vec::new();
    if let Some(part) = parts.take("authorization") {
        let mut parts = part.parts(&format!("{place}.authorization"));
        let kind = parts.text("type").unwrap_or_else(|| "Bearer".to_owned());
        headers.extend(parts.text("credentials").map(|secret| format!("{kind} {secret}")));
        files(parts, notes);
    }
    if let Some(part) = parts.take("basic_auth") {
        let mut parts = part.parts(&format!("{place}.basic_auth"));
        let (user, password) = (parts.text("username").unwrap_or_default(), parts.text("password"));
        headers.extend(password.map(|password| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))));
        files(parts, notes);
    }
    headers.extend(parts.text("bearer_token").map(|secret| format!("Bearer {secret}")));
    let mut headers: Vec<_> = headers.into_iter().take(1).map(|value| ("authorization".to_owned(), value)).collect();
    if let Some(part) = parts.take("http_headers") {
        let names = match &part.kind {
            crate::import::yaml::Kind::Map(pairs) => pairs.as_slice(),
            _ => &[],
        };
        for (name, value) in names {
            let place = format!("{place}.http_headers.{name}");
            let mut parts = value.parts(&place);
            let mut values: Vec<String> = Vec::new();
            for list in ["values", "secrets"] {
                values.extend(parts.list(list).into_iter().map(|(_, entry)| entry.text()));
            }
            if values.len() > 1 {
                notes.left(value.line, &place, "a subscription's header has one value; the first was taken");
            }
            headers.extend(values.into_iter().next().map(|value| (name.to_lowercase(), value)));
            files(parts, notes);
        }
    }
    parts.take("follow_redirects");
    parts.take("enable_http2");
    parts.leave("tls_config", "certificates of receivers are checked against the public roots", notes);
    parts.leave("proxy_url", "webhooks go out as Spin sends them", notes);
    files(parts, notes);
    headers
}

/// What is left of something that is about secrets.
fn files(parts: Parts<'_>, notes: &mut Notes) {
    parts.finish(
        "Alarum reads no other file and asks no other service for it; write headers into the subscription",
        notes,
    );
}

/// A duration as Prometheus writes it: `1m30s`.
pub fn milliseconds(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let ms = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(ms)?)?;
        rest = after;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!((milliseconds("1m30s"), milliseconds("250ms")), (Some(90_000), Some(250)));
        assert_eq!((milliseconds("5"), milliseconds("x"), milliseconds("99999999999y")), (None, None, None));
    }

    #[test]
    fn credentials_become_a_header() {
        let told = |text: &str| {
            let mut notes = Notes::default();
            let found = headers(&Yaml::parse(text).unwrap(), "http_config", &mut notes);
            (found.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>(), notes)
        };
        assert_eq!(told("authorization: {credentials: abc}").0, ["authorization: Bearer abc"]);
        assert_eq!(told("basic_auth: {username: u, password: p}").0, ["authorization: Basic dTpw"]);
        assert_eq!(told("http_headers: {X-Team: {values: [a]}}").0, ["x-team: a"]);
        let (none, notes) = told("basic_auth: {username: u, password_file: /secret}");
        assert!(none.is_empty() && notes.has("http_config.basic_auth.password_file"));
    }
}
