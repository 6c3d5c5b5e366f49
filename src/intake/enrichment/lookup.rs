//! Mapping: labels from a table (Flashduty, "Label Enhancement", schema mapping).

use serde::{Deserialize, Serialize};

use super::label;
use super::table::MappingTable;
use crate::intake::AlertEvent;
use crate::intake::step::Account;

/// The settings of `mapping`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Where the labels are looked up; only `schema` can be followed.
    #[serde(default)]
    pub mapping_type: MappingType,
    /// The table.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema_id: String,
    /// The service, for `api`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub api_id: String,
    /// Which of the table's result labels are set; none given: all of them.
    #[serde(default)]
    pub result_labels: Vec<String>,
    /// Whether labels of these names are replaced.
    #[serde(default, rename = "override")]
    pub replaces: bool,
}

/// Where labels are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MappingType {
    /// In a mapping table.
    #[default]
    Schema,
    /// With another system, which is refused: alerts are taken in without asking anybody.
    Api,
}

impl Lookup {
    pub(super) fn check(&self, tables: &[MappingTable]) -> Result<(), String> {
        if self.mapping_type == MappingType::Api {
            let problem = "mapping_type: api is not supported, because taking in an alert never calls another system; \
                           use schema and a mapping table";
            return Err(problem.to_owned());
        }
        let table = self.table(tables).ok_or_else(|| format!("schema_id: there is no table '{}'", self.schema_id))?;
        match self.result_labels.iter().find(|label| !table.result_labels.contains(label)) {
            Some(label) => Err(format!("result_labels: the table '{}' gives no label '{label}'", table.id)),
            None => Ok(()),
        }
    }

    pub(super) fn apply(&self, event: &mut AlertEvent, tables: &[MappingTable], account: &mut Account) {
        let Some(table) = self.table(tables) else {
            return account.say(|| format!("there is no table '{}'", self.schema_id));
        };
        let Some(row) = table.find(&event.labels) else {
            return account.say(|| format!("no row has the alert's {}", table.source_labels.join(", ")));
        };
        let labels = if self.result_labels.is_empty() { &table.result_labels } else { &self.result_labels };
        for name in labels {
            let value = row.get(name).map_or("", String::as_str);
            label::set(event, name, value, self.replaces, account);
        }
    }

    fn table<'a>(&self, tables: &'a [MappingTable]) -> Option<&'a MappingTable> {
        tables.iter().find(|table| table.id == self.schema_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<MappingTable> {
        let row = [("id", "A"), ("type", "server"), ("owner", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        vec![MappingTable::new("t1", vec!["id".into()], vec!["type".into(), "owner".into()], vec![row])]
    }

    fn rule(schema_id: &str, result_labels: &[&str]) -> Lookup {
        let result_labels = result_labels.iter().map(|label| (*label).to_owned()).collect();
        Lookup { schema_id: schema_id.into(), result_labels, ..Lookup::default() }
    }

    fn applied(rule: &Lookup, labels: &[(&str, &str)]) -> (String, String) {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut event = AlertEvent { labels, ..AlertEvent::default() };
        let (mut account, mut steps) = (Account::new(true), Vec::new());
        rule.apply(&mut event, &tables(), &mut account);
        account.close(1, "mapping", true, Some(&mut steps));
        (event.labels.remove("type").unwrap_or_default(), steps.remove(0).effect)
    }

    #[test]
    fn a_row_gives_the_labels_that_are_asked_for_and_an_empty_cell_none() {
        assert_eq!(applied(&rule("t1", &["type"]), &[("id", "A")]), ("server".into(), "label type = server".into()));
        let (_, told) = applied(&rule("t1", &[]), &[("id", "A")]);
        assert_eq!(told, "label type = server; label owner is left out: its value is empty");
    }

    #[test]
    fn a_label_of_the_alert_stays_unless_the_rule_overrides() {
        let labels = [("id", "A"), ("type", "mine")];
        assert_eq!(applied(&rule("t1", &["type"]), &labels).0, "mine");
        assert_eq!(applied(&Lookup { replaces: true, ..rule("t1", &["type"]) }, &labels).0, "server");
    }

    #[test]
    fn an_alert_that_no_row_knows_stays_as_it_is() {
        for labels in [[("id", "B")].as_slice(), &[]] {
            assert_eq!(applied(&rule("t1", &[]), labels), (String::new(), "no row has the alert's id".into()));
        }
        assert_eq!(applied(&rule("t2", &[]), &[("id", "A")]).1, "there is no table 't2'");
    }

    #[test]
    fn a_mapping_without_its_table_and_one_that_calls_out_are_refused() {
        let problem = |rule: Lookup| rule.check(&tables()).expect_err("refused");
        assert!(problem(rule("t2", &[])).starts_with("schema_id:"));
        assert!(problem(rule("t1", &["colour"])).contains("'colour'"));
        assert!(problem(Lookup { mapping_type: MappingType::Api, ..rule("t1", &[]) }).starts_with("mapping_type: api"));
        assert_eq!(rule("t1", &["type"]).check(&tables()), Ok(()));
    }
}
