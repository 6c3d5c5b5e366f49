//! B9: from the answer to the webhook's arrival.

use super::{Budget, Limit};
use crate::bench::figures::{Figure, Mode};
use crate::bench::push::Kind;

/// What is allowed beside the commits, milliseconds.
const BESIDE_MS: f64 = 20.0;
/// How many commits are allowed: the fold's, and twice as much again for waiting behind others.
const COMMITS: f64 = 3.0;
/// The limit in company, milliseconds.
const BUSY_MS: f64 = 1000.0;

/// B9.
pub fn delays(figures: &[Figure]) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for row in figures.iter().filter(|f| f.at.kind == Kind::New && f.at.open_alerts == 0) {
        let store = row.at.store.name();
        let missing = row.get("webhooks_missing").filter(|missing| *missing > 0.0);
        let budget = match row.at.mode {
            Mode::Alone => {
                let commit_ms = row.get("commit_ms").unwrap_or(0.0);
                let limit = Limit::AtMost(COMMITS * commit_ms + BESIDE_MS);
                let what = format!("p50 from the 200 to the webhook, alone, {store}");
                let note = format!("commit {commit_ms:.2} ms");
                Budget::new(format!("B9.{store}.alone"), what, row.get("webhook_p50_ms"), limit, "ms").note(note)
            }
            Mode::Connections(64) => {
                let what = format!("p99 from the 200 to the webhook, 64 connections, {store}");
                let limit = Limit::AtMost(BUSY_MS);
                Budget::new(format!("B9.{store}"), what, row.get("webhook_p99_ms"), limit, "ms")
            }
            _ => continue,
        };
        budgets.push(match missing {
            // However fast the others were.
            Some(missing) => Budget { value: None, ..budget.note(format!("{missing} webhooks have not come")) },
            None => budget,
        });
    }
    budgets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::At;
    use crate::bench::store::Store;

    fn row(mode: Mode, numbers: &[(&'static str, f64)]) -> Figure {
        let mut figure = Figure::new(At { store: Store::Slow, open_alerts: 0, mode, kind: Kind::New });
        numbers.iter().for_each(|(name, number)| figure.put(name, *number));
        figure
    }

    #[test]
    fn alone_the_limit_follows_the_cost_of_a_commit() {
        let alone = row(Mode::Alone, &[("webhook_p50_ms", 50.0), ("commit_ms", 12.0)]);
        let busy = row(Mode::Connections(64), &[("webhook_p99_ms", 1200.0)]);
        let budgets = delays(&[alone, busy]);
        assert_eq!((budgets[0].limit, budgets[0].met()), (Limit::AtMost(56.0), true));
        assert_eq!((budgets[1].id.as_str(), budgets[1].met()), ("B9.slow", false));
    }

    #[test]
    fn a_webhook_that_has_not_come_is_not_met() {
        let busy = row(Mode::Connections(64), &[("webhook_p99_ms", 5.0), ("webhooks_missing", 2.0)]);
        assert!(!delays(&[busy])[0].met());
    }
}
