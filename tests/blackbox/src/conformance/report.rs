//! What came out: a table for people, JSON for machines.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Passed,
    /// It is not; how it is.
    Failed(String),
    /// It could not be seen; why.
    NotChecked(String),
}

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    /// What of the protocol it belongs to.
    pub section: &'static str,
    /// What should be so.
    pub name: &'static str,
    /// Whether it is.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// All checks of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was looked at.
    pub url: String,
    /// The checks, in their order.
    pub checks: Vec<Check>,
    /// How long all of them took.
    pub took: Duration,
}

impl Report {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.verdict, Verdict::Failed(_)))
    }

    /// How many passed, failed and were not checked.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.checks.iter().fold((0, 0, 0), |(passed, failed, not), check| match check.verdict {
            Verdict::Passed => (passed + 1, failed, not),
            Verdict::Failed(_) => (passed, failed + 1, not),
            Verdict::NotChecked(_) => (passed, failed, not + 1),
        })
    }

    /// A line for each check, below the name of its section, and one that sums up.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for check in &self.checks {
            if check.section != section {
                section = check.section;
                // Writing to a string does not fail.
                let _ = writeln!(text, "\n{section}");
            }
            let (word, why) = match &check.verdict {
                Verdict::Passed => ("ok", ""),
                Verdict::Failed(why) => ("FAILED", why.as_str()),
                Verdict::NotChecked(why) => ("not checked", why.as_str()),
            };
            let colon = if why.is_empty() { "" } else { ": " };
            let _ = writeln!(text, "  {word:<12} {:>6} ms  {}{colon}{why}", check.took.as_millis(), check.name);
        }
        let (passed, failed, not) = self.counts();
        let took = self.took.as_secs_f64();
        let _ = write!(text, "\n{}: {passed} passed, {failed} failed, {not} not checked in {took:.1} s", self.url);
        text
    }

    /// The same for machines.
    pub fn json(&self) -> Value {
        let check = |check: &Check| {
            let (verdict, why) = match &check.verdict {
                Verdict::Passed => ("passed", ""),
                Verdict::Failed(why) => ("failed", why.as_str()),
                Verdict::NotChecked(why) => ("not_checked", why.as_str()),
            };
            let took_ms = check.took.as_millis() as u64;
            json!({"section": check.section, "name": check.name, "verdict": verdict, "why": why, "took_ms": took_ms})
        };
        let (passed, failed, not_checked) = self.counts();
        json!({
            "url": self.url, "passed": passed, "failed": failed, "not_checked": not_checked,
            "took_ms": self.took.as_millis() as u64, "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_each_check_and_counts_them() {
        let check = |name, verdict| Check { section: "Doors", name, verdict, took: Duration::from_millis(7) };
        let checks = vec![
            check("one", Verdict::Passed),
            check("two", Verdict::Failed("it answered 500".into())),
            check("three", Verdict::NotChecked("no key".into())),
        ];
        let report = Report { url: "http://here".into(), checks, took: Duration::from_secs(2) };
        assert_eq!((report.counts(), report.failed().count()), ((1, 1, 1), 1));
        let table = report.table();
        assert!(table.contains("FAILED            7 ms  two: it answered 500\n"), "{table}");
        assert!(table.ends_with("http://here: 1 passed, 1 failed, 1 not checked in 2.0 s"), "{table}");
        assert_eq!(report.json()["checks"][2]["why"], "no key");
    }
}
