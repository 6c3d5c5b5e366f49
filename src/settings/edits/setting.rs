//! What stands in an integration and is read and written as a whole: its route, its pipeline, its enrichment.
//!
//! Each has a version, which grows by one with each change: who writes gives the one that was read, so that nobody
//! overwrites what somebody else has changed meanwhile.

use serde_json::{Map, Value, json};

use super::entry::{Entries, entries, position};
use super::field::{Field, Kind, merge};
use super::subject::INTEGRATION;
use crate::error::ApiError;
use crate::sorted::add;

/// One of them.
pub struct Setting {
    path: &'static str,
    /// The field of an integration.
    kept: &'static str,
    fields: &'static [Field],
}

/// The field of an integration that says how often and when its settings were changed. It decides nothing.
const REVISIONS: &str = "revisions";
/// What is looked at apart.
const ASIDE: [&str; 2] = ["integration_id", "version"];
const STATUS: Field = Field::same("status", Kind::Choice);
const RULES: &[Field] = &[Field::same("rules", Kind::List), STATUS];

static SETTINGS: [Setting; 3] = [
    Setting {
        path: "/route",
        kept: "route",
        fields: &[
            Field::same("cases", Kind::List),
            Field::same("default", Kind::Object),
            Field::same("sections", Kind::List),
            STATUS,
        ],
    },
    Setting { path: "/alert/pipeline", kept: "pipeline", fields: RULES },
    Setting { path: "/enrichment", kept: "enrichment", fields: RULES },
];

impl Setting {
    /// The setting that a call is about, if it does what `verb` says.
    pub fn at(path: &str, verb: &str) -> Option<&'static Self> {
        let of = path.strip_suffix(verb)?.strip_suffix('/')?;
        SETTINGS.iter().find(|setting| setting.path == of)
    }

    /// Replaces it; with the `status` `deleted` it is taken away.
    ///
    /// # Errors
    /// `ResourceNotFound` for an integration that there is not; `InvalidParameter` as [`merge`], for a version that is
    /// not the present one, and where nothing is given.
    pub fn upsert(
        &self,
        document: &mut Map<String, Value>,
        parameters: &Map<String, Value>,
        now_s: u64,
    ) -> Result<Value, ApiError> {
        let mut integrations = Entries::of(document, &INTEGRATION, parameters)?;
        let (at, mut integration) = integrations.named(parameters)?;
        let mut revision = self.revision(&integration);
        let version = revision["version"].as_u64().unwrap_or(0);
        let read = Field::same("version", Kind::Number).read(parameters.get("version").unwrap_or(&Value::Null))?;
        if read.is_some_and(|read| read != version) {
            let problem = format!("is {version} now, because somebody has changed it; read it again");
            return Err(ApiError::invalid("version", &problem));
        }
        let mut setting = Map::new();
        merge(self.fields, &ASIDE, parameters, &mut setting)?;
        let (status, sections) = (setting.remove("status"), setting.remove("sections"));
        let deleted = status.as_ref().is_some_and(|status| status == "deleted");
        if !deleted && status.is_some_and(|status| status != "enabled") {
            return Err(ApiError::invalid("status", "must be enabled or deleted"));
        }
        if setting.is_empty() && !deleted {
            let needed = if self.kept == "route" { "cases or default" } else { "rules" };
            return Err(ApiError::invalid(needed, "is required"));
        }
        check_sections(sections.as_ref(), entries(Some(&setting), "cases").len())?;
        match deleted {
            true => integration.remove(self.kept),
            false => integration.insert(self.kept.to_owned(), setting.into()),
        };
        if revision["created_at"] == 0 {
            revision["created_at"] = now_s.into();
        }
        revision["version"] = version.saturating_add(1).into();
        revision["updated_at"] = now_s.into();
        revision["sections"] = sections.unwrap_or_else(|| Value::Array(Vec::new()));
        let revisions = integration.entry(REVISIONS).or_insert_with(|| Value::Object(Map::new()));
        revisions.as_object_mut().ok_or_else(ApiError::internal)?.insert(self.kept.to_owned(), revision);
        integrations.put(at, integration)
    }

    /// The setting of the integration that a call names: a route as `null` where there is none, else without rules.
    ///
    /// # Errors
    /// As [`position`].
    pub fn info(&self, document: &Map<String, Value>, parameters: &Map<String, Value>) -> Result<Value, ApiError> {
        let at = position(document, &INTEGRATION, parameters)?;
        let integration = entries(Some(document), INTEGRATION.section).get(at).and_then(Value::as_object);
        Ok(integration.map_or(Value::Null, |integration| match integration.contains_key(self.kept) {
            false if self.kept == "route" => Value::Null,
            _ => self.show(integration),
        }))
    }

    /// Those of all integrations that have one.
    pub fn list(&self, document: &Map<String, Value>) -> Vec<Value> {
        let integrations = entries(Some(document), INTEGRATION.section).iter().filter_map(Value::as_object);
        let with = integrations.filter(|integration| integration.contains_key(self.kept));
        with.map(|integration| self.show(integration)).collect()
    }

    fn show(&self, integration: &Map<String, Value>) -> Value {
        let mut shown = self.revision(integration);
        let of = integration.get(self.kept);
        if let Some(shown) = shown.as_object_mut() {
            for field in self.fields.iter().filter(|field| !["sections", "status"].contains(&field.given)) {
                let empty = if field.kind == Kind::List { Value::Array(Vec::new()) } else { Value::Null };
                shown.insert(field.given.to_owned(), of.and_then(|of| of.get(field.kept)).cloned().unwrap_or(empty));
            }
            if self.kept != "route" {
                shown.remove("sections");
            }
            shown.insert("status".to_owned(), "enabled".into());
            shown.insert("integration_id".to_owned(), integration.get("id").cloned().unwrap_or_default());
        }
        shown
    }

    /// How often and when it was changed. What stands in a document and was never changed by a call has version 1.
    fn revision(&self, integration: &Map<String, Value>) -> Value {
        let known = integration.get(REVISIONS).and_then(|revisions| revisions.get(self.kept)).cloned();
        let first = u64::from(integration.contains_key(self.kept));
        let new = || json!({"version": first, "created_at": 0, "updated_at": 0, "sections": []});
        known.filter(Value::is_object).unwrap_or_else(new)
    }
}

/// Refuses headings of the cases that a console could not show: each has a name of its own and a place.
fn check_sections(sections: Option<&Value>, cases: usize) -> Result<(), ApiError> {
    let mut names = Vec::new();
    for section in sections.and_then(Value::as_array).into_iter().flatten() {
        let name = section.get("name").and_then(Value::as_str);
        let place = section.get("position").and_then(Value::as_u64);
        let placed = place.is_some_and(|place| usize::try_from(place).is_ok_and(|place| place <= cases));
        if !placed || !name.is_some_and(|name| add(&mut names, name)) {
            let problem = "each must have a name of its own and a position from 0 to the number of cases";
            return Err(ApiError::invalid("sections", problem));
        }
    }
    Ok(())
}
