//! `cargo xtask check-config`: is a configuration valid, and is it what was meant? It prints every problem that can be
//! told apart, with its line, and never a value that may be secret.

pub mod locate;
pub mod mend;
pub mod tree;
pub mod warn;

use crate::console;
use alarum::config::{Config, ConfigError};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tree::Node;

/// What is to be said of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// A line for each problem and warning, and one that sums up.
    pub text: String,
    /// How many problems it has.
    pub problems: usize,
    /// How many warnings.
    pub warnings: usize,
}

/// Checks a file and prints what there is to say.
///
/// # Errors
/// When it cannot be read, or is not valid.
pub fn run(path: &Path) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let report = report(&path.display().to_string(), &text, now_s);
    console::result(report.text.trim_end());
    ensure!(report.problems == 0, "{} is not valid", path.display());
    Ok(())
}

/// What is to be said of the document `text`, which is called `name`, at a time, Unix seconds.
pub fn report(name: &str, text: &str, now_s: u64) -> Report {
    let mut lines = Vec::new();
    let (mut problems, mut warnings) = (0, 0);
    let of_text = |error: &ConfigError| error.0.strip_prefix("line ").map(str::to_owned);
    match (Config::parse(text), Node::parse(text)) {
        (Ok(config), Ok(tree)) => {
            for warning in warn::warnings(&tree, &config, now_s) {
                warnings += 1;
                lines.push(format!("{name}:{}: warning: {}", warning.line, warning.text));
            }
        }
        // What is no TOML, as the domain reads it, has one problem: `LINE, column COLUMN: what`.
        (Err(error), tree) => match (of_text(&error), tree) {
            (None, Ok(tree)) => {
                for problem in mend::problems(&tree) {
                    problems += 1;
                    lines.push(format!("{name}:{}: error: {}", problem.line, problem.text));
                }
            }
            (Some(at), _) => {
                problems = 1;
                lines.push(format!("{name}:{}", at.replacen(", column ", ":", 1).replacen(": ", ": error: ", 1)));
            }
            (None, Err(_)) => {
                problems = 1;
                lines.push(format!("{name}: error: {error}"));
            }
        },
        (Ok(_), Err(error)) => lines.push(format!("{name}: warning: its lines cannot be told: {error}")),
    }
    lines.push(match (problems, warnings) {
        (0, 0) => format!("{name} is valid"),
        (0, _) => format!("{name} is valid; warnings: {warnings}"),
        _ => format!("{name} is not valid; errors: {problems}"),
    });
    Report { text: lines.join("\n") + "\n", problems, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../../tests/support/demo.toml");

    #[test]
    fn a_document_that_is_no_toml_has_one_problem_with_its_line() {
        let report = report("x.toml", "version = 1\nkey = s3cret\n", 0);
        assert!(report.text.starts_with("x.toml:2:"), "{}", report.text);
        assert!(report.problems == 1 && !report.text.contains("s3cret"));
    }

    #[test]
    fn no_key_is_ever_printed() {
        let broken = DEMO.replace("key = ", "key = [").replace("0123456789\"\n", "0123456789\"]\n");
        for text in [broken, DEMO.replace("secret = \"whsec_", "secret = \"s3cret_"), DEMO.replace("id = ", "ids = ")] {
            let report = report("x.toml", &text, 0);
            assert!(report.problems > 0 && !report.text.contains("0123456789"), "{}", report.text);
            assert!(!report.text.contains("s3cret") && !report.text.contains("MDEyMzQ1"), "{}", report.text);
        }
    }

    #[test]
    fn a_generated_configuration_has_no_warning_but_that_nobody_is_told() {
        use crate::config::{keys::Keys, template};
        let keys = Keys::draw().unwrap();
        let text = template::render("http://127.0.0.1:3000", &keys, template::Subscriber::Nobody);
        let report = report("x.toml", &text, 0);
        assert_eq!((report.problems, report.warnings), (0, 1), "{}", report.text);
    }
}
