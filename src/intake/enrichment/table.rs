//! Mapping tables: from the values of some labels to the values of others (Flashduty, "Label Enhancement", schema
//! mapping). The values are compared as they are: the tables know no wildcards.

use crate::sorted::SortedMap;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::label;
use crate::intake::derived::Derived;

/// A row: column → value. Columns that are neither source nor result mean nothing.
pub type Row = SortedMap<String, String>;

/// A mapping table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingTable {
    /// What `schema_id` refers to.
    pub id: String,
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The labels that an alert is found by; all of them must be equal.
    pub(super) source_labels: Vec<String>,
    /// The labels that a row can give.
    pub(super) result_labels: Vec<String>,
    /// The rows. Of several with the same source values, the first counts.
    #[serde(default)]
    rows: Vec<Row>,
    /// The rows in the order of their source values.
    #[serde(skip)]
    order: Derived<Vec<usize>>,
}

impl MappingTable {
    /// A table.
    pub fn new(id: &str, source_labels: Vec<String>, result_labels: Vec<String>, rows: Vec<Row>) -> Self {
        Self { id: id.to_owned(), source_labels, result_labels, rows, ..Self::default() }
    }

    /// Refuses a table by which no label, or a wrong one, would be found. The text names the field.
    pub fn check(&self) -> Result<(), String> {
        if self.id.is_empty() {
            return Err("id: is required".to_owned());
        }
        for (field, labels) in [("source_labels", &self.source_labels), ("result_labels", &self.result_labels)] {
            label::check_names(field, labels)?;
        }
        for (nth, row) in (1..).zip(&self.rows) {
            if let Some(missing) = self.source_labels.iter().find(|label| !row.contains_key(*label)) {
                return Err(format!("rows: row {nth}: has no value for the source label '{missing}'"));
            }
        }
        Ok(())
    }

    /// The first row whose source values are those of the labels; none where the alert lacks one of them.
    ///
    /// Rows are sorted once; finding one among ten thousand takes some fifteen comparisons.
    pub fn find(&self, labels: &SortedMap<String, String>) -> Option<&Row> {
        if !self.source_labels.iter().all(|label| labels.contains_key(label)) {
            return None;
        }
        let order = self.order.get(|| self.sorted());
        let before = |nth: &usize| self.rows.get(*nth).is_some_and(|row| self.compare(row, labels) == Ordering::Less);
        let row = self.rows.get(*order.get(order.partition_point(before))?)?;
        (self.compare(row, labels) == Ordering::Equal).then_some(row)
    }

    fn sorted(&self) -> Vec<usize> {
        let complete = |row: &Row| self.source_labels.iter().all(|label| row.contains_key(label));
        let mut order: Vec<(&Row, usize)> = self.rows.iter().zip(0..).filter(|(row, _)| complete(row)).collect();
        // A stable sort: of equal rows the first stays the first.
        order.sort_by(|(a, _), (b, _)| self.compare(a, b));
        order.into_iter().map(|(_, nth)| nth).collect()
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        self.source_labels
            .iter()
            .map(|label| a.get(label).cmp(&b.get(label)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&str, &str)]) -> Row {
        cells.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
    }

    fn table(rows: Vec<Row>) -> MappingTable {
        MappingTable::new("t1", vec!["id".into(), "region".into()], vec!["type".into()], rows)
    }

    fn found<'a>(table: &'a MappingTable, labels: &[(&str, &str)]) -> Option<&'a str> {
        table.find(&row(labels)).map(|row| row["type"].as_str())
    }

    #[test]
    fn the_first_row_with_all_source_values_counts() {
        let table = table(vec![
            row(&[("id", "B"), ("region", "eu"), ("type", "router")]),
            row(&[("id", "A"), ("region", "eu"), ("type", "server")]),
            row(&[("id", "A"), ("region", "eu"), ("type", "second")]),
            row(&[("id", "A"), ("region", "*"), ("type", "star")]),
        ]);
        assert_eq!(found(&table, &[("id", "A"), ("region", "eu"), ("x", "y")]), Some("server"));
        assert_eq!(found(&table, &[("id", "B"), ("region", "eu")]), Some("router"));
        assert_eq!(found(&table, &[("id", "A"), ("region", "us")]), None);
        assert_eq!(found(&table, &[("id", "A"), ("region", "*")]), Some("star"));
        assert_eq!(found(&table, &[("id", "A")]), None);
        assert_eq!(found(&table, &[("id", "Z"), ("region", "eu")]), None);
    }

    #[test]
    fn every_row_of_a_large_table_is_found() {
        let rows = (0..10_000).map(|n| {
            let id = format!("host-{}", (n * 7919) % 10_000);
            row(&[("id", &id), ("region", "eu"), ("type", &id)])
        });
        let table = table(rows.collect());
        for n in 0..10_000 {
            let id = format!("host-{n}");
            assert_eq!(found(&table, &[("id", &id), ("region", "eu")]), Some(id.as_str()));
        }
    }

    #[test]
    fn a_table_that_finds_nothing_or_the_wrong_is_refused() {
        let problem = |table: MappingTable| table.check().expect_err("refused");
        assert_eq!(table(vec![row(&[("id", "A"), ("region", "eu")])]).check(), Ok(()));
        let second = problem(table(vec![row(&[("id", "A"), ("region", "eu")]), row(&[("id", "A")])]));
        assert_eq!(second, "rows: row 2: has no value for the source label 'region'");
        assert!(problem(MappingTable { id: String::new(), ..table(vec![]) }).starts_with("id:"));
        assert!(problem(MappingTable { source_labels: vec![], ..table(vec![]) }).starts_with("source_labels:"));
        assert!(
            problem(MappingTable { result_labels: vec!["".into()], ..table(vec![]) }).starts_with("result_labels:")
        );
    }

    #[test]
    fn toml_and_json_hold_tables() {
        let toml =
            "id = 't1'\nsource_labels = ['id']\nresult_labels = ['type']\nrows = [{ id = 'A', type = 'server' }]";
        let table: MappingTable = basic_toml::from_str(toml).expect("a table");
        assert_eq!(found(&table, &[("id", "A")]), Some("server"));
        let json = serde_json::to_string(&table).expect("a table");
        assert_eq!(serde_json::from_str::<MappingTable>(&json).expect("a table"), table);
        assert!(basic_toml::from_str::<MappingTable>(&format!("{toml}\nextra = 1")).is_err());
    }
}
