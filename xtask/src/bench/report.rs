//! The report: one table, then the budgets.

use super::budgets::Budget;
use super::figures::{Figure, Mode};
use super::plan::Outcome;
use super::{fanout, fold, intake, listing, redis};

/// A column: its heading, the number that it shows, and how many digits after the point.
type Column = (&'static str, &'static str, usize);

const COLUMNS: [Column; 17] = [
    ("pushes/s", "pushes_per_s", 0),
    ("p50 ms", "p50_ms", 2),
    ("p99 ms", "p99_ms", 1),
    ("floor/s", "floor_per_s", 0),
    ("f.p50", "floor_p50_ms", 2),
    ("f.p99", "floor_p99_ms", 1),
    ("× floor", "ratio", 2),
    ("commit ms", "commit_ms", 2),
    ("w/push", "ingest_writes_per_push", 3),
    ("r/push", "ingest_reads_per_push", 3),
    ("all w/push", "all_writes_per_push", 3),
    ("inst i", "ingest_instances", 0),
    ("inst f", "fanout_instances", 0),
    ("inst c", "courier_instances", 0),
    ("lost swaps", "swap_conflicts", 0),
    ("hook p50", "webhook_p50_ms", 0),
    ("hook p99", "webhook_p99_ms", 0),
];

/// What the columns mean.
const LEGEND: &str = "conns: connections, or how pushes were counted; open: alerts open before; f.: the floor; \
    w/push, r/push: writes and reads before the answer; all w/push: everything until rest; inst i, f, c: instances \
    started of ingest, fanout and courier; hook: from the answer to the webhook's arrival, ms";

/// All tables of which there are rows.
pub fn tables(measured: &Outcome) -> String {
    let Outcome { figures, intake, folds, lists, fanout, redis, .. } = measured;
    let mut tables = Vec::new();
    if !figures.is_empty() {
        tables.push(table(figures));
    }
    if !intake.is_empty() {
        tables.push(aligned(&intake::cells(intake)));
    }
    if !folds.is_empty() {
        tables.push(aligned(&fold::cells(folds)));
    }
    if !lists.is_empty() {
        tables.push(aligned(&listing::cells(lists)));
    }
    if !fanout.is_empty() {
        tables.push(aligned(&fanout::cells(fanout)));
    }
    if !redis.is_empty() {
        tables.push(aligned(&redis::cells(redis)));
    }
    tables.join("\n")
}

/// The table of loads.
fn table(figures: &[Figure]) -> String {
    let mut lines = vec![["store", "open", "conns", "row"].map(str::to_string).to_vec()];
    lines[0].extend(COLUMNS.iter().map(|(heading, _, _)| (*heading).to_string()));
    for figure in figures {
        let at = figure.at;
        let mut line = vec![at.store.name().to_string(), at.open_alerts.to_string(), at.mode.name()];
        line.push(at.kind.name().to_string());
        line.extend(COLUMNS.iter().map(|(_, name, digits)| match figure.get(name) {
            Some(number) => format!("{number:.digits$}"),
            None => "·".to_string(),
        }));
        lines.push(line);
    }
    format!("{}{LEGEND}\n", aligned(&lines))
}

/// The list of budgets.
pub fn list(budgets: &[Budget]) -> String {
    let line = |budget: &Budget| {
        let digits = if budget.unit == "bytes" { 0 } else { 2 };
        let verdict = match (budget.value, budget.met()) {
            (None, _) => "not met yet",
            (Some(_), true) => "met",
            (Some(_), false) => "NOT MET",
        };
        let value = budget.value.map_or("–".to_string(), |value| format!("{value:.digits$}"));
        let limit = format!("{} {:.digits$} {}", budget.limit.sign(), budget.limit.number(), budget.unit);
        let columns = [budget.id.as_str(), verdict, &value, &limit, &budget.what, &budget.note];
        columns.map(str::to_string).to_vec()
    };
    let lines: Vec<Vec<String>> = budgets.iter().map(line).collect();
    let missed = budgets.iter().filter(|b| !b.met()).count();
    format!("{}{} budgets, {missed} not met\n", aligned(&lines), budgets.len())
}

/// Lines of columns that stand below each other; numbers to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let width =
        |column: usize| lines.iter().filter_map(|l| l.get(column)).map(|c| c.chars().count()).max().unwrap_or(0);
    let number = |cell: &str| cell == "·" || cell == "–" || cell.parse::<f64>().is_ok();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let right: Vec<bool> =
        (0..columns).map(|c| lines.iter().skip(1).filter_map(|l| l.get(c)).all(|cell| number(cell))).collect();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().enumerate().map(|(column, cell)| {
            let room = " ".repeat(widths[column] - cell.chars().count());
            if right[column] { format!("{room}{cell}") } else { format!("{cell}{room}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// What is told of a row as soon as it was measured.
pub fn brief(figure: &Figure) -> String {
    let at = figure.at;
    let mode = match at.mode {
        Mode::Connections(connections) => format!("{connections} connections"),
        mode => mode.name(),
    };
    let number = |name: &str, unit: &str| figure.get(name).map(|number| format!("{number:.2} {unit}"));
    let told = [
        number("pushes_per_s", "pushes/s"),
        number("ratio", "× floor"),
        number("p50_ms", "ms p50"),
        number("ingest_writes_per_push", "writes"),
        number("webhook_p99_ms", "ms webhook p99"),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    format!("{}, {} open, {mode}, {}: {}", at.store.name(), at.open_alerts, at.kind.name(), told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::budgets::Limit;
    use super::super::figures::At;
    use super::super::push::Kind;
    use super::super::store::Store;
    use super::*;

    #[test]
    fn the_table_is_aligned_and_says_where_there_is_no_number() {
        let mut row =
            Figure::new(At { store: Store::Slow, open_alerts: 0, mode: Mode::Connections(64), kind: Kind::New });
        row.put("pushes_per_s", 481.6);
        let text = table(&[row]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("slow      0     64  new       482"), "{text}");
        assert_eq!(lines[0].find("p50 ms").map(|at| at + 5), lines[1].find('·'), "{text}");
    }

    #[test]
    fn budgets_say_met_not_met_or_not_yet() {
        let budget = |id: &str, value| Budget::new(id, "things", value, Limit::AtMost(2.0), "writes");
        let text = list(&[budget("B1", Some(1.0)), budget("B2", Some(2.5)), budget("B3", None)]);
        assert!(text.contains("B1  met          1.00  ≤ 2.00 writes  things\n"), "{text}");
        assert!(text.contains("B2  NOT MET      2.50") && text.contains("B3  not met yet     –"), "{text}");
        assert!(text.ends_with("3 budgets, 2 not met\n"), "{text}");
    }
}
