//! How webhooks are delivered, and where to.

use serde::Deserialize;

use super::{Config, ConfigError};
use crate::delivery::target;

impl Config {
    /// For how long it is kept what was delivered, milliseconds.
    pub const fn history_ms(&self) -> u64 {
        self.delivery.history_days.saturating_mul(24 * 3600 * 1000)
    }
}

/// How webhooks are delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The limit for one attempt, from connecting to the last byte of the answer: 100 to 30 000 ms.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Allows `http:` targets.
    #[serde(default)]
    pub allow_http: bool,
    /// Allows targets on this machine and in private networks. For development.
    #[serde(default)]
    pub allow_private_targets: bool,
    /// For how many days it is kept what was delivered: 1 to 90.
    #[serde(default = "default_history_days")]
    pub history_days: u64,
    /// The only ports that targets may have, 1 to 65535; empty for 80, 443 and those from 1024 on that no other
    /// protocol is known to use.
    #[serde(default)]
    pub allowed_ports: Vec<i64>,
    /// The only hosts that targets may have: `hooks.example.net`, or `*.example.net` for all below; empty for any that
    /// the policy allows. It opens nothing.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
}

const fn default_history_days() -> u64 {
    7
}

const fn default_timeout_ms() -> u64 {
    1000
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            timeout_ms: default_timeout_ms(),
            allow_http: false,
            allow_private_targets: false,
            history_days: default_history_days(),
            allowed_ports: Vec::new(),
            allowed_hosts: Vec::new(),
        }
    }
}

impl Delivery {
    /// Finds the first problem.
    ///
    /// # Errors
    /// The field and what is wrong with its value.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let limit = self.timeout_ms;
        if !(100..=30_000).contains(&limit) {
            return Err(ConfigError(format!("delivery.timeout_ms: must be 100 to 30000, is {limit}")));
        }
        let days = self.history_days;
        if !(1..=90).contains(&days) {
            return Err(ConfigError(format!("delivery.history_days: must be 1 to 90, is {days}")));
        }
        if let Some(port) = self.allowed_ports.iter().find(|port| !(1..=65_535).contains(*port)) {
            return Err(ConfigError(format!("delivery.allowed_ports: must be 1 to 65535, has {port}")));
        }
        Ok(())
    }

    /// Finds the first problem of where to, which only who delivers knows to judge.
    ///
    /// # Errors
    /// The field and what is wrong with its value.
    pub(super) fn check_hosts(&self) -> Result<(), ConfigError> {
        for (nth, entry) in (1..).zip(&self.allowed_hosts) {
            target::check_entry(entry, self.allow_private_targets)
                .map_err(|e| ConfigError(format!("delivery.allowed_hosts: entry {nth}: {e}")))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../tests/support/demo.toml");

    /// The settings, or why a configuration with these lines in `[delivery]` is not valid.
    fn delivery(lines: &str) -> Result<Delivery, String> {
        let text = DEMO.replace("timeout_ms = 1000", lines);
        Config::parse(&text).map(|config| config.delivery).map_err(|error| error.0)
    }

    #[test]
    fn what_is_left_out_allows_public_receivers_over_https_alone() {
        let read = delivery("").expect("valid");
        assert!(!read.allow_http && !read.allow_private_targets && read.timeout_ms == 1000);
        assert!(read.allowed_ports.is_empty() && read.allowed_hosts.is_empty());
    }

    #[test]
    fn ports_and_hosts_are_read() {
        let read = delivery("allowed_ports = [443, 8443]\nallowed_hosts = [\"*.example.net\", \"8.8.8.8\"]");
        let read = read.expect("valid");
        assert_eq!((read.allowed_ports, read.allowed_hosts.len()), (vec![443, 8443], 2));
    }

    #[test]
    fn a_problem_names_the_field() {
        for (lines, problem) in [
            ("timeout_ms = 99", "delivery.timeout_ms: must be 100 to 30000, is 99"),
            ("allowed_ports = [443, 0]", "delivery.allowed_ports: must be 1 to 65535, has 0"),
            ("allowed_ports = [-1]", "delivery.allowed_ports: must be 1 to 65535, has -1"),
            ("allowed_ports = [65536]", "delivery.allowed_ports: must be 1 to 65535, has 65536"),
            ("allowed_hosts = [\"*.example.net\", \"10.0.0.1\"]", "delivery.allowed_hosts: entry 2: must not lead"),
            ("allowed_hosts = [\"https://example.net\"]", "delivery.allowed_hosts: entry 1: must have a host of"),
            ("allowed_hosts = [\"*.spin.internal\"]", "delivery.allowed_hosts: entry 1: must not lead"),
            ("allowed_ports = [\"443\"]", "delivery: "),
            ("allowed_hosts = \"example.net\"", "delivery: "),
        ] {
            let told = delivery(lines).expect_err(lines);
            assert!(told.starts_with(problem), "{lines}: {told}");
        }
    }

    #[test]
    fn a_subscription_is_held_against_the_ports_and_hosts() {
        for lines in ["allowed_ports = [8443]", "allowed_hosts = [\"*.example.org\"]"] {
            let told = delivery(lines).expect_err(lines);
            assert!(told.starts_with("subscriptions: id 1: url: must have a "), "{told}");
        }
    }
}
