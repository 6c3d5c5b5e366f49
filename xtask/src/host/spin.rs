//! The `spin` command.

use crate::host::Serve;
use crate::step::query;
use std::fmt;
use tokio::process::Command;

/// The oldest version, major and minor, that runs components of SDK 7.
const NEEDED: (u32, u32) = (4, 1);

/// A version of Spin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    numbers: (u32, u32),
}

impl Version {
    /// Whether it can run the application.
    pub fn is_enough(&self) -> bool {
        self.numbers >= NEEDED
    }

    /// Of the answer to `spin --version`.
    fn parse(text: &str) -> Option<Version> {
        let text = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut numbers = text.split(['.', '-', '+']);
        let numbers = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        Some(Version { text: text.to_string(), numbers })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is missing, to be said of whatever was found.
pub fn missing(found: Option<&Version>) -> String {
    let (major, minor) = NEEDED;
    match found {
        None => format!("there is no spin command, {major}.{minor} or newer is needed"),
        Some(version) => format!("spin is {version}, {major}.{minor} or newer is needed"),
    }
}

/// The version of the `spin` on the search path. One that does not answer, or says something else, is none.
pub async fn find() -> Option<Version> {
    let mut command = Command::new("spin");
    command.arg("--version");
    Version::parse(&query(command).await.ok()?)
}

/// `spin up`.
pub fn command(serve: Serve<'_>) -> Command {
    let mut command = Command::new("spin");
    command.arg("up").arg("--from").arg(serve.manifest);
    command.arg("--listen").arg(serve.listen.to_string());
    command.arg("--state-dir").arg(serve.state_dir);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        for (text, expected) in [
            ("spin 4.1.0 (1234567 2026-08-26)\n", Some(("4.1.0", (4, 1)))),
            ("spin 4.1.0-pre0", Some(("4.1.0-pre0", (4, 1)))),
            ("4.2", Some(("4.2", (4, 2)))),
            ("SPIN model checker", None),
            ("spin 4", None),
        ] {
            let version = Version::parse(text);
            let expected = expected.map(|(text, numbers)| Version { text: text.to_string(), numbers });
            assert_eq!(version, expected, "{text}");
        }
        let enough = |text: &str| Version::parse(text).unwrap().is_enough();
        assert!(enough("spin 4.1.0-pre0") && enough("spin 4.10.0") && enough("spin 5.0.0") && enough("spin 10.0.1"));
        assert!(!enough("spin 4.0.9") && !enough("spin 3.9.0"));
    }
}
