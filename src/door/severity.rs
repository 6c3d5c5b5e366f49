//! What a sender's word for a severity means (Flashduty, "Prometheus Integration": the table that Grafana shares).
//!
//! The table names nine words and says nothing of others or of their case. Here case does not matter, further words
//! that are common get the natural meaning, and a word that nobody knows is a warning: never a reason to refuse.

use crate::sorted::SortedMap;

use crate::intake::Status;

/// The labels that may hold the severity; the first one that is there decides.
const NAMES: [&str; 3] = ["severity", "priority", "level"];

/// The severity of an alert with these labels: `Warning` where none of them says it, or says it in an unknown word.
pub fn of_labels(labels: &SortedMap<String, String>) -> Status {
    let word = NAMES.iter().filter_map(|name| labels.get(*name)).find(|word| !word.trim().is_empty());
    word.and_then(|word| of_word(word)).unwrap_or(Status::Warning)
}

/// What a word means, in any case; `None` for an unknown one.
pub fn of_word(word: &str) -> Option<Status> {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" => Some(Status::Critical),
        "warning" | "warn" => Some(Status::Warning),
        "info" | "acknowledged" | "unknown" | "unk" => Some(Status::Info),
        "ok" => Some(Status::Ok),
        // From here on words that the table does not have. `page` is for what wakes somebody up, `ticket` for what
        // can wait; of the numbered scales, 0 and 1 are the worst; Zabbix's `high` is critical by its own table.
        "crit" | "fatal" | "emergency" | "emerg" | "alert" | "panic" | "disaster" | "page" | "major" | "high"
        | "highest" | "urgent" | "blocker" | "down" | "p0" | "p1" | "sev0" | "sev1" | "0" | "1" => {
            Some(Status::Critical)
        }
        "error" | "err" | "medium" | "moderate" | "average" | "minor" | "ticket" | "p2" | "sev2" | "2" => {
            Some(Status::Warning)
        }
        "information" | "informational" | "notice" | "debug" | "trace" | "none" | "normal" | "low" | "lowest"
        | "p3" | "p4" | "p5" | "sev3" | "sev4" | "sev5" | "3" | "4" | "5" => Some(Status::Info),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[(&str, &str)]) -> Status {
        of_labels(&labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_documented_words_mean_what_the_table_says_in_any_case() {
        for (word, status) in [
            ("critical", Status::Critical),
            ("CRITICAL", Status::Critical),
            ("warning", Status::Warning),
            ("Warn", Status::Warning),
            ("info", Status::Info),
            ("acknowledged", Status::Info),
            ("unknown", Status::Info),
            ("UNK", Status::Info),
            ("ok", Status::Ok),
        ] {
            assert_eq!(of_word(word), Some(status), "{word}");
        }
    }

    #[test]
    fn common_words_beyond_the_table_have_their_natural_meaning() {
        for (word, status) in [
            ("page", Status::Critical),
            ("high", Status::Critical),
            ("P1", Status::Critical),
            ("error", Status::Warning),
            ("2", Status::Warning),
            ("none", Status::Info),
            ("debug", Status::Info),
            (" low ", Status::Info),
        ] {
            assert_eq!(of_word(word), Some(status), "{word}");
        }
        assert_eq!(of_word("purple"), None);
    }

    #[test]
    fn severity_goes_before_priority_and_priority_before_level() {
        assert_eq!(of(&[("severity", "info"), ("priority", "critical"), ("level", "critical")]), Status::Info);
        assert_eq!(of(&[("priority", "critical"), ("level", "info")]), Status::Critical);
        assert_eq!(of(&[("level", "info")]), Status::Info);
        assert_eq!(of(&[("severity", ""), ("level", "info")]), Status::Info);
    }

    #[test]
    fn without_a_word_or_with_an_unknown_one_it_is_a_warning() {
        assert_eq!(of(&[]), Status::Warning);
        assert_eq!(of(&[("severity", "purple"), ("level", "critical")]), Status::Warning);
    }
}
