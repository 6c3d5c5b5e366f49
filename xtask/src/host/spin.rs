//! The `spin` command.

use crate::host::Serve;
use crate::step::query;
use std::fmt;
use tokio::process::Command;

/// The oldest version that runs components of SDK 7.
pub const NEEDED: Version = Version { major: 4, minor: 1 };

/// A version of Spin, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// Whether it can run the application.
    pub fn is_enough(self) -> bool {
        self >= NEEDED
    }

    /// Of the answer to `spin --version`.
    fn parse(text: &str) -> Option<Version> {
        let version = text
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut numbers = version.split(['.', '-', '+']);
        Some(Version {
            major: numbers.next()?.parse().ok()?,
            minor: numbers.next()?.parse().ok()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
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
            ("spin 4.1.0 (1234567 2026-08-26)\n", Some((4, 1))),
            ("spin 4.1.0-pre0 (1234567 2026-08-21)", Some((4, 1))),
            ("spin 10.0.1", Some((10, 0))),
            ("4.2", Some((4, 2))),
            ("SPIN model checker", None),
            ("spin 4", None),
        ] {
            let version = Version::parse(text);
            assert_eq!(
                version,
                expected.map(|(major, minor)| Version { major, minor }),
                "{text}"
            );
        }
        let enough = |major, minor| Version { major, minor }.is_enough();
        assert!(enough(4, 1) && enough(4, 10) && enough(5, 0) && enough(10, 0));
        assert!(!enough(4, 0) && !enough(3, 9));
    }
}
