//! What is said when everything runs.

use crate::config::facts::Facts;
use crate::console;
use crate::host::Host;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

const JSON: &str = "-H 'Content-Type: application/json'";
const FIRE: &str = r#"{"event_status":"Critical","title_rule":"disk full on web-07","alert_key":"disk/web-07/var","labels":{"service":"media-store","host":"web-07","team":"storage"}}"#;
const RECOVER: &str = r#"{"event_status":"Ok","title_rule":"disk full on web-07","alert_key":"disk/web-07/var","labels":{"service":"media-store","host":"web-07","team":"storage"}}"#;
const LAST_DAY: &str = r#""{\"start_time\":$(($(date +%s)-86400)),\"end_time\":$(($(date +%s)+60))}""#;

/// All that it names.
pub struct Banner<'a> {
    /// What runs the application.
    pub host: &'a Host,
    /// Where the application is reached.
    pub base_url: &'a str,
    /// The configuration's keys.
    pub facts: &'a Facts,
    /// The configuration in force.
    pub config: &'a Path,
    /// Where the demo subscriber is.
    pub subscriber: SocketAddr,
    /// Whether the configuration sends webhooks to it.
    pub subscribed: bool,
}

impl Banner<'_> {
    /// Prints it: first for people, then a line `name=value` for each URL and key, for scripts.
    pub fn print(&self) {
        console::result(&self.text());
    }

    fn text(&self) -> String {
        let mut text = match self.host {
            Host::Spin(version) => format!("\nAlarum is up at {}, on Spin {version}.\n", self.base_url),
            Host::Runner(_) => format!(
                "\nAlarum is up at {}, on the bundled runner: a stand-in for Spin, for trying out and for tests.\n",
                self.base_url
            ),
        };
        let push = self.push_url(&self.facts.private_key);
        let shared = self.push_url(&self.facts.shared_key);
        let mut say = |title: &str, body: &str| {
            // Writing to a String does not fail.
            let _written = write!(text, "\n{title}\n  {body}\n");
        };
        if let Some(push) = push.as_ref().or(shared.as_ref()) {
            say("Fire an alert:", &format!("curl -s -X POST \"{push}\" {JSON} -d '{FIRE}'"));
            say("Let it recover:", &format!("curl -s -X POST \"{push}\" {JSON} -d '{RECOVER}'"));
        }
        if let Some(key) = &self.facts.app_key {
            let url = format!("{}/incident/list?app_key={}", self.base_url, query_value(key));
            say("See the incidents of the last day:", &format!("curl -s -X POST \"{url}\" {JSON} -d {LAST_DAY}"));
        }
        if self.subscribed {
            say("Webhooks arrive at the demo subscriber; it shows them below and at:", &self.subscriber_url());
        } else {
            say("The configuration sends no webhooks to the demo subscriber, which is at:", &self.subscriber_url());
        }
        say("The configuration in force:", &self.config.display().to_string());
        text.push_str("\nCtrl-C stops everything.\n");
        for (name, value) in [
            ("push_url", push),
            ("shared_push_url", shared),
            ("app_key", self.facts.app_key.clone()),
            ("subscriber_url", Some(self.subscriber_url())),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("\n{name}={value}"));
            }
        }
        text
    }

    fn push_url(&self, key: &Option<String>) -> Option<String> {
        let key = query_value(key.as_deref()?);
        Some(format!("{}/event/push/alert/standard?integration_key={key}", self.base_url))
    }

    fn subscriber_url(&self) -> String {
        format!("http://{}/", self.subscriber)
    }
}

/// A key as a value in a query. What is left as it is needs no quoting in a shell either.
pub fn query_value(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn text(facts: &Facts) -> String {
        let host = Host::Runner(PathBuf::from("runner"));
        let subscriber = "127.0.0.1:4000".parse().unwrap();
        let config = Path::new("/s/config/alarum.toml");
        Banner { host: &host, base_url: "http://127.0.0.1:3000", facts, config, subscriber, subscribed: true }.text()
    }

    #[test]
    fn scripts_find_each_value_on_a_line_of_its_own() {
        let facts = Facts {
            private_key: Some("pk".to_string()),
            shared_key: Some("s k".to_string()),
            app_key: Some("ak".to_string()),
            ..Facts::default()
        };
        let text = text(&facts);
        let tail: Vec<&str> = text.lines().rev().take(4).collect();
        assert_eq!(
            tail,
            [
                "subscriber_url=http://127.0.0.1:4000/",
                "app_key=ak",
                "shared_push_url=http://127.0.0.1:3000/event/push/alert/standard?integration_key=s%20k",
                "push_url=http://127.0.0.1:3000/event/push/alert/standard?integration_key=pk",
            ]
        );
        assert!(text.contains("stand-in for Spin") && text.contains("/incident/list?app_key=ak"), "{text}");
    }

    #[test]
    fn what_the_configuration_does_not_have_is_not_mentioned() {
        let text = text(&Facts::default());
        assert!(!text.contains("push_url=") && !text.contains("app_key=") && !text.contains("curl"), "{text}");
    }

    #[test]
    fn keys_are_safe_in_a_url_and_in_a_shell() {
        assert_eq!(query_value("aB9-._~"), "aB9-._~");
        assert_eq!(query_value("$(x)`&+ \"ü"), "%24%28x%29%60%26%2B%20%22%C3%BC");
    }
}
