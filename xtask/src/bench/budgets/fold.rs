//! B12: what a fold costs in the guest, without the store. B8: a storm's last alerts cost no more than its first.

use super::{Budget, Limit};
use crate::bench::figures::ratio;
use crate::bench::fold::{Row, STORM};

/// The limit for one record into ten thousand open alerts, microseconds.
const FOLD_US: f64 = 5000.0;
const MANY: usize = 10_000;
/// Flat: no more than this, as a ratio.
const FLAT: f64 = 1.3;

/// B12 and B8.
pub fn in_the_guest(rows: &[Row]) -> Vec<Budget> {
    let many = rows.iter().filter(|row| row.open == MANY);
    let shown: Vec<(String, f64)> = many
        .filter_map(|row| {
            let pages = if row.kept { "pages kept" } else { "pages read" };
            Some((format!("{}, {pages}", row.case), *row.numbers.get("p50_us")?))
        })
        .collect();
    let mut budgets = Vec::new();
    if let Some(worst) = shown.iter().map(|(_, us)| *us).max_by(f64::total_cmp) {
        let what = "p50 of a fold of one record with 10 000 open alerts, in the guest";
        let notes: Vec<String> = shown.iter().map(|(name, us)| format!("{name} {us:.0}")).collect();
        budgets.push(Budget::new("B12", what, Some(worst), Limit::AtMost(FOLD_US), "µs").note(notes.join("; ")));
    }
    if let Some(storm) = rows.iter().find(|row| row.case == STORM) {
        let number = |name| storm.numbers.get(name).copied();
        let flat = number("last_us").zip(number("first_us")).and_then(|(last, first)| ratio(last, first));
        let what = "cost of the last alerts of a storm of 10 000 against its first, in the guest";
        budgets.push(Budget::new("B8", what, flat, Limit::AtMost(FLAT), "×"));
    }
    budgets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(case: &'static str, open: usize, numbers: &[(&'static str, f64)]) -> Row {
        Row { case, open, kept: true, numbers: numbers.iter().copied().collect() }
    }

    #[test]
    fn the_dearest_fold_into_many_open_alerts_is_judged() {
        let rows = [row("new", MANY, &[("p50_us", 4000.0)]), row("changed", MANY, &[("p50_us", 5001.0)])];
        let budgets = in_the_guest(&rows);
        assert_eq!((budgets.len(), budgets[0].value, budgets[0].met()), (1, Some(5001.0), false));
        assert!(in_the_guest(&[row("new", 1000, &[("p50_us", 1.0)])]).is_empty());
    }

    #[test]
    fn a_storm_is_flat_where_its_end_costs_what_its_beginning_did() {
        let flat = |last| in_the_guest(&[row(STORM, 0, &[("first_us", 1000.0), ("last_us", last)])])[0].met();
        assert!(flat(1300.0) && !flat(1301.0));
    }
}
