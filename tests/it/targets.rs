//! Promise 6: no delivery ever reaches an address that the policy forbids (`docs/webhook-targets.md`).
//!
//! `tests/golden-urls/` holds URLs that must be refused, with the reason that must be told, and URLs that must be
//! allowed. No request is sent anywhere.

use std::collections::BTreeSet;
use std::rc::Rc;

use alarum::config::{Config, Delivery};
use alarum::delivery::target::check;
use http::Uri;

use crate::support::{Cluster, DEMO, World};

/// A line of a file.
pub struct Line {
    pub url: String,
    class: &'static str,
    /// What the reason must say.
    reason: &'static str,
    /// Whether no setting opens it.
    always: bool,
}

pub fn hostile() -> Vec<Line> {
    read(include_str!("../golden-urls/hostile.txt"))
}

pub fn fine() -> Vec<String> {
    read(include_str!("../golden-urls/fine.txt")).into_iter().map(|line| line.url).collect()
}

fn read(text: &'static str) -> Vec<Line> {
    let (mut class, mut reason, mut always) = ("", "", false);
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("##")) {
        if let Some(head) = line.strip_prefix("# ") {
            let mut parts = head.split(" | ");
            class = parts.next().unwrap_or_default();
            reason = parts.next().unwrap_or_default();
            always = parts.next() == Some("always");
        } else {
            lines.push(Line { url: unfold(line), class, reason, always });
        }
    }
    lines
}

/// Puts what `{…}` stands for in its place; braces around anything else are braces.
fn unfold(line: &str) -> String {
    let mut parts = line.split('{');
    let mut url = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inner, rest) = part.split_once('}').unwrap_or((part, ""));
        let character = inner.strip_prefix("U+").and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let repeated = inner.rsplit_once('*').and_then(|(text, times)| Some(text.repeat(times.parse().ok()?)));
        match (character.and_then(char::from_u32), repeated) {
            (Some(character), _) => url.extend([character.to_string().as_str(), rest]),
            (None, Some(repeated)) => url.extend([repeated.as_str(), rest]),
            (None, None) => url.extend(["{", part]),
        }
    }
    url
}

pub fn strict() -> Delivery {
    Delivery::default()
}

/// Everything that a setting can open.
pub fn open() -> Delivery {
    Delivery { allow_http: true, allow_private_targets: true, allowed_ports: (1..=65535).collect(), ..strict() }
}

/// Why a URL is refused, or nothing.
fn told(url: &str, policy: &Delivery) -> String {
    check(url, policy).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn the_files_are_large_and_nothing_stands_in_them_twice() {
    let hostile: BTreeSet<String> = hostile().into_iter().map(|line| line.url).collect();
    assert!(hostile.len() >= 500 && hostile.len() == self::hostile().len(), "{}", hostile.len());
    let fine: BTreeSet<String> = self::fine().into_iter().collect();
    assert!(fine.len() >= 60 && fine.len() == self::fine().len(), "{}", fine.len());
    assert_eq!(unfold("a{U+0009}b{c*3}{d}{e"), "a\tbccc{d}{e");
}

#[test]
fn every_hostile_url_is_refused_for_its_reason() {
    let wrong: Vec<String> = hostile()
        .iter()
        .map(|line| (line, told(&line.url, &strict())))
        .filter(|(line, told)| told.is_empty() || line.reason.is_empty() || !told.contains(line.reason))
        .map(|(line, told)| format!("{}: {:?}: {told:?}", line.class, line.url))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_setting_opens_what_none_may_open_and_the_others_each_only_what_they_name() {
    let http = Delivery { allow_http: true, ..strict() };
    let ports = Delivery { allowed_ports: open().allowed_ports, ..strict() };
    let mut opened = BTreeSet::new();
    for Line { url, class, always, .. } in hostile() {
        if always {
            assert!(!told(&url, &open()).is_empty(), "{class}: {url:?}");
        } else if check(&url, &open()).is_ok() {
            opened.insert(class);
        }
        assert_eq!(check(&url, &http).is_ok(), class == "http where it is not allowed", "{class}: {url:?}");
        assert_eq!(check(&url, &ports).is_ok(), class.starts_with("a port below") || class.starts_with("a port of"));
        // The other scheme leads nowhere else.
        if let Some(rest) = url.strip_prefix("https://") {
            assert!(check(&format!("http://{rest}"), &http).is_err(), "{class}: http: {url:?}");
        }
    }
    // Each class that is not marked as closed for ever is opened by some setting, or its mark is missing.
    let unmarked: BTreeSet<_> = hostile().iter().filter(|line| !line.always).map(|line| line.class).collect();
    assert_eq!(opened, unmarked);
}

#[test]
fn naming_a_hostile_host_in_the_settings_does_not_open_it() {
    for Line { url, class, .. } in hostile() {
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
        let above = format!("*.{}", host.split_once('.').unwrap_or_default().1);
        for entries in [vec![host.clone()], vec![above], vec![url.clone(), host]] {
            let exact = Delivery { allowed_hosts: entries, ..strict() };
            assert!(check(&url, &exact).is_err(), "{class}: {url:?}");
        }
    }
}

#[test]
fn every_fine_url_is_allowed_and_over_http_where_that_is() {
    let http = Delivery { allow_http: true, ..strict() };
    for url in fine() {
        assert_eq!(told(&url, &strict()), "", "{url}");
        let (_, rest) = url.split_once("://").expect("a scheme");
        assert_eq!(told(&format!("http://{rest}"), &http), "", "http: {url}");
        let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).expect("a host");
        let exact = |entry: &str| Delivery { allowed_hosts: vec![entry.to_owned()], ..strict() };
        assert_eq!(told(&url, &exact(&host)), "", "{url} with its host");
        assert_eq!(told(&url, &exact("another.example.net")), "must have a host of delivery.allowed_hosts", "{url}");
    }
}

#[test]
fn a_hostile_url_is_refused_where_the_configuration_is_read_and_not_repeated() {
    for Line { url, class, reason, .. } in hostile() {
        let text =
            DEMO.replace("\"https://hooks.example.net/alarum\"", &serde_json::to_string(&url).expect("a string"));
        assert_ne!(text, DEMO);
        let problem = match Config::parse(&text.replace('\u{7f}', "\\u007f")) {
            Ok(_) => panic!("{class}: {url:?} was read"),
            Err(problem) => problem.0,
        };
        assert!(problem.starts_with("subscriptions: id 1: url: ") && problem.contains(reason), "{url:?}: {problem}");
        assert!(url.len() < 20 || !problem.contains(&url), "{problem}");
    }
}

#[test]
fn a_hostile_url_is_refused_before_every_attempt_even_where_it_was_stored() {
    for Line { url, class, .. } in hostile() {
        let mut cluster = Cluster::new(1, DEMO, 1, 1);
        let mut config = Config::clone(&cluster.config);
        config.subscriptions[0].url = url.clone();
        Rc::get_mut(&mut cluster).expect("nobody else has it yet").config = Rc::new(config);
        let mut world = World::over(cluster);
        world.fire("disk").at(1).expect_no_webhook();
        let log = world.cluster.log.borrow().join("\n");
        assert!(log.contains("url: "), "{class}: {url:?}: {log}");
    }
}
