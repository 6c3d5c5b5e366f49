//! B1 and B2: calls to the store before the answer. B10: all writes.

use super::{Budget, Limit};
use crate::bench::figures::{Figure, Mode};
use crate::bench::push::Kind;

const KINDS: [Kind; 5] = [Kind::New, Kind::Merge, Kind::Changed, Kind::Recovery, Kind::Batch];

/// B1 and B2.
pub fn before_the_answer(figures: &[Figure]) -> Vec<Budget> {
    let mut budgets = Vec::new();
    let parts = [
        ("B1", "writes before the 200", "ingest_writes_per_push", 1.0, 2.0, "writes"),
        ("B2", "reads before the 200", "ingest_reads_per_push", 0.0, 1.0, "reads"),
    ];
    for (id, what, number, limit, first_limit, unit) in parts {
        for kind in KINDS {
            let value = largest(figures, |mode, k| mode == Mode::Counted && k == kind, number);
            let name = kind.name();
            budgets.extend(value.map(|value| {
                let (id, what) = (format!("{id}.{name}"), format!("{what}, {name}"));
                Budget::new(id, what, Some(value), Limit::AtMost(limit), unit)
            }));
        }
        let first = largest(figures, |mode, _| mode == Mode::First, number);
        let what = format!("{what}, first push of an instance");
        let first =
            first.map(|value| Budget::new(format!("{id}.first"), what, Some(value), Limit::AtMost(first_limit), unit));
        budgets.extend(first);
    }
    budgets
}

/// B10.
pub fn everything(figures: &[Figure]) -> Vec<Budget> {
    let number = "all_writes_per_push";
    let alone = largest(figures, |mode, _| mode == Mode::Alone, number);
    let what = "all writes per push, one subscriber";
    let mut budgets: Vec<Budget> = alone
        .map(|value| Budget::new("B10.alone", format!("{what}, alone"), Some(value), Limit::AtMost(5.0), "writes"))
        .into_iter()
        .collect();
    let busy = figures.iter().filter(|f| f.at.mode == Mode::Connections(64) && f.at.open_alerts == 0);
    for row in busy.filter(|f| f.at.kind == Kind::New) {
        let store = row.at.store.name();
        let what = format!("{what}, 64 connections, {store}");
        let value = row.get(number);
        budgets.push(Budget::new(format!("B10.{store}"), what, value, Limit::AtMost(1.0), "writes"));
    }
    budgets
}

fn largest(figures: &[Figure], which: impl Fn(Mode, Kind) -> bool, number: &str) -> Option<f64> {
    let rows = figures.iter().filter(|f| which(f.at.mode, f.at.kind));
    rows.filter_map(|f| f.get(number)).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::At;
    use crate::bench::store::Store;

    fn figure(mode: Mode, kind: Kind, numbers: &[(&'static str, f64)]) -> Figure {
        let mut figure = Figure::new(At { store: Store::Memory, open_alerts: 0, mode, kind });
        numbers.iter().for_each(|(name, number)| figure.put(name, *number));
        figure
    }

    fn ids(budgets: &[Budget]) -> Vec<(&str, Option<f64>, bool)> {
        budgets.iter().map(|b| (b.id.as_str(), b.value, b.met())).collect()
    }

    #[test]
    fn counts_of_warm_and_new_instances_have_limits_of_their_own() {
        let counts = |writes, reads| [("ingest_writes_per_push", writes), ("ingest_reads_per_push", reads)];
        let figures = [
            figure(Mode::First, Kind::New, &counts(2.0, 1.0)),
            figure(Mode::Counted, Kind::New, &counts(1.0, 0.0)),
            figure(Mode::Counted, Kind::Merge, &counts(1.05, 0.0)),
            figure(Mode::Counted, Kind::Batch, &counts(1.0, 0.0)),
        ];
        let budgets = before_the_answer(&figures);
        let expected = [
            ("B1.new", Some(1.0), true),
            ("B1.merge", Some(1.05), false),
            ("B1.batch", Some(1.0), true),
            ("B1.first", Some(2.0), true),
            ("B2.new", Some(0.0), true),
            ("B2.merge", Some(0.0), true),
            ("B2.batch", Some(0.0), true),
            ("B2.first", Some(1.0), true),
        ];
        assert_eq!(ids(&budgets), expected);
    }

    #[test]
    fn all_writes_are_judged_alone_and_in_company() {
        let figures = [
            figure(Mode::Alone, Kind::New, &[("all_writes_per_push", 4.2)]),
            figure(Mode::Connections(64), Kind::New, &[("all_writes_per_push", 1.3)]),
            figure(Mode::Connections(64), Kind::Merge, &[("all_writes_per_push", 0.4)]),
        ];
        let expected = [("B10.alone", Some(4.2), true), ("B10.memory", Some(1.3), false)];
        assert_eq!(ids(&everything(&figures)), expected);
    }
}
