//! B6: one event to many subscribers, some of which are dead.

use super::{Budget, Limit};
use crate::bench::fanout::{MANY, Row};

/// From the answer to the arrival at the slowest but one percent of those that live, milliseconds.
const HEALTHY_MS: f64 = 1200.0;
/// The longest attempt, milliseconds.
const ATTEMPT_MS: f64 = 1050.0;

/// B6.
pub fn to_many(rows: &[Row]) -> Vec<Budget> {
    let Some(row) = rows.iter().find(|row| row.case == MANY) else { return Vec::new() };
    let number = |name: &str| row.numbers.get(name).copied();
    let missing = number("missing").unwrap_or(0.0);
    // However fast the others were.
    let healthy = number("p99_ms").filter(|_| missing == 0.0);
    let note = if missing > 0.0 { format!("{missing} webhooks have not come") } else { String::new() };
    vec![
        Budget::new(
            "B6",
            "p99 from the 200 to the living of 1000 subscribers",
            healthy,
            Limit::AtMost(HEALTHY_MS),
            "ms",
        )
        .note(note),
        Budget::new("B6.attempt", "the longest attempt", number("longest_ms"), Limit::AtMost(ATTEMPT_MS), "ms"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_that_has_not_come_is_not_met() {
        let row = |missing| Row {
            case: MANY,
            numbers: [("p99_ms", 900.0), ("longest_ms", 1001.0), ("missing", missing)].into_iter().collect(),
        };
        let met = |missing| to_many(&[row(missing)]).iter().map(Budget::met).collect::<Vec<_>>();
        assert_eq!((met(0.0), met(1.0)), (vec![true, true], vec![false, true]));
        assert!(to_many(&[]).is_empty());
    }
}
