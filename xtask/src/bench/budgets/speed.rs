//! B3, B4 and B5: speed against the floor of the same run.

use super::{Budget, Limit};
use crate::bench::figures::{At, Figure, Mode, ratio};
use crate::bench::push::Kind;
use crate::bench::store::Store;

const BUSY: Mode = Mode::Connections(64);
const SINGLE: Mode = Mode::Connections(1);
/// From this cost on, milliseconds, sharing commits must pay more.
const DEAR_COMMIT_MS: f64 = 10.0;

/// B3 and B4, each for the kind of load that does worst.
pub fn against_the_floor(figures: &[Figure]) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for store in Store::ALL {
        let name = store.name();
        let busy = rows(figures, store, BUSY, 0);
        if let Some(worst) = lowest(&busy, "ratio") {
            let commit_ms = busy.iter().filter_map(|f| f.get("commit_ms")).sum::<f64>() / busy.len() as f64;
            let least = if commit_ms >= DEAR_COMMIT_MS { 4.0 } else { 1.2 };
            let what = format!("pushes/s at 64 connections against the floor, {name}");
            let budget = Budget::new(format!("B3.{name}"), what, Some(worst), Limit::AtLeast(least), "× floor");
            budgets.push(budget.note(format!("commit {commit_ms:.2} ms; {}", kinds(&busy, "ratio"))));
        }
        if let Some(worst) = highest(&busy, "p99_ratio") {
            let what = format!("p99 at 64 connections against the floor's, {name}");
            let budget = Budget::new(format!("B3.{name}.p99"), what, Some(worst), Limit::AtMost(1.0), "× floor");
            budgets.push(budget.note(kinds(&busy, "p99_ratio")));
        }
    }
    for store in Store::ALL {
        let name = store.name();
        let single = rows(figures, store, SINGLE, 0);
        if let Some(worst) = highest(&single, "p50_ratio") {
            let what = format!("p50 of one connection against the floor's, {name}");
            let budget = Budget::new(format!("B4.{name}"), what, Some(worst), Limit::AtMost(1.3), "× floor");
            budgets.push(budget.note(kinds(&single, "p50_ratio")));
        }
    }
    budgets
}

/// B5: with many open alerts against without, both as ratios to the floors of their own runs.
pub fn with_open_alerts(figures: &[Figure]) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for store in Store::ALL {
        let name = store.name();
        let against = |mode, number: &'static str| {
            let loaded =
                figures.iter().filter(move |f| f.at.store == store && f.at.mode == mode && f.at.open_alerts > 0);
            let pairs = loaded.filter_map(move |row| {
                let empty = figures.iter().find(|f| f.at == At { open_alerts: 0, ..row.at })?;
                Some((row.at.kind, ratio(row.get(number)?, empty.get(number)?)?))
            });
            pairs.collect::<Vec<(Kind, f64)>>()
        };
        let shown = |pairs: &[(Kind, f64)]| {
            pairs.iter().map(|(kind, value)| format!("{} {value:.2}", kind.name())).collect::<Vec<_>>().join(", ")
        };
        let rates = against(BUSY, "ratio");
        if let Some(worst) = rates.iter().map(|(_, value)| *value).min_by(f64::total_cmp) {
            let what = format!("B3 with 10 000 open alerts against none, {name}");
            let budget = Budget::new(format!("B5.{name}"), what, Some(worst), Limit::AtLeast(0.8), "× empty");
            budgets.push(budget.note(shown(&rates)));
        }
        let medians = against(SINGLE, "p50_ratio");
        if let Some(worst) = medians.iter().map(|(_, value)| *value).max_by(f64::total_cmp) {
            let what = format!("B4 with 10 000 open alerts against none, {name}");
            let budget = Budget::new(format!("B5.{name}.p50"), what, Some(worst), Limit::AtMost(1.3), "× empty");
            budgets.push(budget.note(shown(&medians)));
        }
    }
    budgets
}

/// The rows of all kinds of single pushes.
fn rows(figures: &[Figure], store: Store, mode: Mode, open_alerts: usize) -> Vec<&Figure> {
    let of = |f: &&Figure| f.at.store == store && f.at.mode == mode && f.at.open_alerts == open_alerts;
    let single = |f: &&Figure| !matches!(f.at.kind, Kind::Floor | Kind::Batch);
    figures.iter().filter(of).filter(single).collect()
}

fn lowest(rows: &[&Figure], number: &str) -> Option<f64> {
    rows.iter().filter_map(|f| f.get(number)).min_by(f64::total_cmp)
}

fn highest(rows: &[&Figure], number: &str) -> Option<f64> {
    rows.iter().filter_map(|f| f.get(number)).max_by(f64::total_cmp)
}

/// A number of each row by its kind.
fn kinds(rows: &[&Figure], number: &str) -> String {
    let one = |f: &&Figure| Some(format!("{} {:.2}", f.at.kind.name(), f.get(number)?));
    rows.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(store: Store, mode: Mode, open_alerts: usize, kind: Kind, numbers: &[(&'static str, f64)]) -> Figure {
        let mut figure = Figure::new(At { store, open_alerts, mode, kind });
        numbers.iter().for_each(|(name, number)| figure.put(name, *number));
        figure
    }

    fn busy(store: Store, kind: Kind, ratio: f64, commit_ms: f64) -> Figure {
        row(store, BUSY, 0, kind, &[("ratio", ratio), ("p99_ratio", 0.5), ("commit_ms", commit_ms)])
    }

    #[test]
    fn the_limit_follows_the_cost_of_a_commit_and_the_worst_kind_counts() {
        let figures = [
            busy(Store::Sqlite, Kind::New, 1.5, 2.4),
            busy(Store::Sqlite, Kind::Merge, 1.3, 2.4),
            busy(Store::Slow, Kind::New, 3.9, 12.1),
        ];
        let budgets = against_the_floor(&figures);
        let find = |id: &str| budgets.iter().find(|b| b.id == id).unwrap();
        assert_eq!((find("B3.sqlite").value, find("B3.sqlite").limit), (Some(1.3), Limit::AtLeast(1.2)));
        assert_eq!((find("B3.slow").limit, find("B3.slow").met()), (Limit::AtLeast(4.0), false));
        assert!(find("B3.sqlite").note.contains("new 1.50, merge 1.30") && find("B3.slow.p99").met());
    }

    #[test]
    fn open_alerts_are_compared_through_the_floors() {
        let single = |open, p50_ratio| row(Store::Slow, SINGLE, open, Kind::New, &[("p50_ratio", p50_ratio)]);
        let many = |open, ratio| row(Store::Slow, BUSY, open, Kind::New, &[("ratio", ratio)]);
        let budgets = with_open_alerts(&[single(0, 1.2), single(10_000, 1.8), many(0, 4.0), many(10_000, 3.6)]);
        let met: Vec<_> = budgets.iter().map(|b| (b.id.as_str(), b.met())).collect();
        assert_eq!(met, [("B5.slow", true), ("B5.slow.p50", false)]);
    }
}
