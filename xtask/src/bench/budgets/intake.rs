//! B11: what a push costs in the guest, without the store.

use super::{Budget, Limit};
use crate::bench::intake::{Row, TYPICAL};

/// The limit for a typical alert, microseconds.
const TYPICAL_US: f64 = 150.0;

/// B11.
pub fn in_the_guest(rows: &[Row]) -> Option<Budget> {
    let typical = rows.iter().find(|row| row.case == TYPICAL)?;
    let what = "p50 of intake in the guest, 20 routing cases, 10 of them expressions";
    let value = typical.numbers.get("p50_us").copied();
    let steps: Vec<String> = typical.steps.iter().map(|(step, us)| format!("{step} {us:.1}")).collect();
    Some(Budget::new("B11", what, value, Limit::AtMost(TYPICAL_US), "µs").note(steps.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(case: &'static str, p50_us: f64) -> Row {
        Row { case, n: 1, numbers: [("p50_us", p50_us)].into(), steps: [("admit", 60.04)].into() }
    }

    #[test]
    fn the_typical_alert_is_judged_and_no_other() {
        let met = |rows: &[Row]| in_the_guest(rows).map(|budget| budget.met());
        assert_eq!(met(&[row("cold", 9000.0), row(TYPICAL, 149.0)]), Some(true));
        assert_eq!(met(&[row(TYPICAL, 151.0)]), Some(false));
        assert_eq!(met(&[row("cold", 1.0)]), None);
        assert_eq!(in_the_guest(&[row(TYPICAL, 1.0)]).unwrap().note, "admit 60.0");
    }
}
