//! The configuration as a whole, by call: shown without its secrets, checked, compared, replaced, put back.

use serde_json::{Map, Value, json};

use super::{APPLY, note};
use crate::api::Call;
use crate::api::parameters::{Paging, number, text};
use crate::call::Failure;
use crate::config::Document;
use crate::error::ApiError;
use crate::ports::{Clock, Log, Random, Store};
use crate::settings::{Root, Versions, changes, exported, kept, prepared};

/// The paths of the calls; the manifest leads them to the settings component.
pub const CONFIGS: [&str; 8] = [
    "/config/info",
    "/config/export",
    "/config/check",
    "/config/preview",
    APPLY,
    "/config/history/list",
    "/config/compare",
    "/config/restore",
];

/// Where the document of a call comes from.
enum Source<'a> {
    /// It is given.
    Document(&'a Map<String, Value>),
    /// It is given as text.
    Toml(String),
    /// It is the file that is mounted.
    File,
}

impl<S: Store, P: Clock + Random + Log> Call<'_, S, P> {
    /// Answers a call about the configuration as a whole.
    pub(super) async fn configuration(&self, versions: &Versions<'_, S, P>, path: &str) -> Result<Value, Failure> {
        match path {
            "/config/info" => self.config_info(versions).await,
            "/config/export" => {
                let (version, document) = versions.current().await?;
                Ok(json!({"version": version, "document": exported(document)}))
            }
            "/config/check" => self.config_check(versions).await,
            "/config/preview" => {
                let (version, old) = versions.current().await?;
                let new = prepared(self.given(versions, &old)?)?;
                Ok(json!({"version": version, "changes": changes(&old, &new)}))
            }
            APPLY => self.config_apply(versions).await,
            "/config/history/list" => self.config_history(versions).await,
            "/config/compare" => {
                let old = versions.document("from", self.required("from")?).await?;
                let new = versions.document("to", self.required("to")?).await?;
                Ok(json!({"changes": changes(&old, &new)}))
            }
            _ => self.config_restore(versions).await,
        }
    }

    /// Whether the call is to take what the file says.
    pub(super) fn takes_file(&self) -> bool {
        self.parameters.get("source").is_some_and(|source| source == "file")
    }

    /// `/config/info`: which configuration holds, since when, and how much is in it.
    async fn config_info(&self, versions: &Versions<'_, S, P>) -> Result<Value, Failure> {
        let calls = versions.file.allows_calls();
        let mut root = versions.root().await?.filter(|_| calls);
        let document = match &mut root {
            Some(_) => versions.current().await?.1,
            None => versions.of_file()?,
        };
        let mut counts = Map::new();
        for (name, section) in &document {
            if let Value::Array(entries) = section {
                counts.insert(name.clone(), entries.len().into());
            }
        }
        let latest = root.as_ref().and_then(|root| root.history().last()).map(|entry| self.shown(entry));
        Ok(json!({
            "version": root.as_ref().map_or(0, Root::version),
            "from": if root.is_some() { "stored" } else { "file" },
            "calls": calls,
            "file_changed": root.as_ref().is_some_and(|root| root.file() != versions.file.hash()),
            "latest": latest,
            "counts": counts,
        }))
    }

    /// `/config/check`: whether a document would be taken, and why not.
    async fn config_check(&self, versions: &Versions<'_, S, P>) -> Result<Value, Failure> {
        // What is wrong with the call is no property of a document.
        self.source()?;
        let (_, old) = versions.current().await?;
        let Err(error) = self.given(versions, &old).and_then(prepared) else {
            return Ok(json!({"valid": true}));
        };
        let section = error.message.split(':').next().unwrap_or_default();
        Ok(json!({"valid": false, "section": section, "problem": error.message}))
    }

    /// `/config/apply`: puts a document in place of the one that holds.
    async fn config_apply(&self, versions: &Versions<'_, S, P>) -> Result<Value, Failure> {
        let base = self.required("version")?;
        let note = note(&self.parameters, "note")?;
        let change = &mut |document: &mut Map<String, Value>| {
            *document = self.given(versions, document)?;
            Ok(Value::Null)
        };
        let author = self.author(APPLY, &note);
        let committed = versions.commit(Some(base), author, self.takes_file(), change).await?;
        Ok(json!({"version": committed.version, "changes": committed.changes}))
    }

    /// `/config/history/list`: who changed what when, newest first.
    async fn config_history(&self, versions: &Versions<'_, S, P>) -> Result<Value, Failure> {
        let paging = Paging::read(&self.parameters)?;
        let root = versions.root().await?;
        let entries = root.as_ref().map_or(&[][..], Root::history);
        let items: Vec<Value> =
            entries.iter().rev().skip(paging.skip()).take(paging.limit).map(|entry| self.shown(entry)).collect();
        let has_next_page = entries.len() > paging.skip().saturating_add(items.len());
        Ok(json!({"items": items, "total": entries.len(), "has_next_page": has_next_page}))
    }

    /// `/config/restore`: puts an earlier version back, as a new one.
    async fn config_restore(&self, versions: &Versions<'_, S, P>) -> Result<Value, Failure> {
        let version = self.required("version")?;
        if version == 0 {
            return Err(ApiError::invalid("version", "must be 1 or more; /config/apply takes the file").into());
        }
        let note = note(&self.parameters, "note")?;
        let earlier = versions.document("version", version).await?;
        let change = &mut |document: &mut Map<String, Value>| {
            document.clone_from(&earlier);
            Ok(Value::Null)
        };
        let committed = versions.commit(None, self.author("/config/restore", &note), false, change).await?;
        Ok(json!({"version": committed.version, "changes": committed.changes}))
    }

    /// The document that a call gives, with what it leaves out of the one that holds.
    fn given(&self, versions: &Versions<'_, S, P>, old: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
        let mut document = match self.source()? {
            Source::Document(document) => document.clone(),
            Source::Toml(toml) => {
                Document::parse(&toml).map_err(|error| ApiError::invalid("toml", &error.0))?.into_sections()
            }
            Source::File => return versions.of_file(),
        };
        let allows_calls = Document::of(document.clone(), 0).and_then(|mut document| document.allows_calls());
        if !allows_calls.map_err(|error| ApiError::invalid("document", &error.0))? {
            return Err(ApiError::invalid("administration", "only the file can say calls = false"));
        }
        kept(&mut document, old);
        Ok(document)
    }

    /// Where the document of a call comes from.
    fn source(&self) -> Result<Source<'_>, ApiError> {
        let given = &self.parameters;
        let document = given.get("document").filter(|document| !document.is_null());
        match (document, text(given, "toml")?, text(given, "source")?) {
            (Some(Value::Object(document)), None, None) => Ok(Source::Document(document)),
            (None, Some(toml), None) => Ok(Source::Toml(toml)),
            (None, None, Some(source)) if source == "file" => Ok(Source::File),
            (None, None, Some(_)) => Err(ApiError::invalid("source", "must be file")),
            _ => Err(ApiError::invalid("document", "is required as an object, or toml, or source, one of them")),
        }
    }

    fn required(&self, name: &str) -> Result<u64, ApiError> {
        number(&self.parameters, name)?.ok_or_else(|| ApiError::invalid(name, "is required"))
    }

    /// An entry of the history.
    fn shown(&self, entry: &Value) -> Value {
        let person_id = entry.get("person_id").and_then(Value::as_i64).unwrap_or_default();
        json!({
            "version": entry["version"],
            "at": entry["at"],
            "person_id": person_id,
            "person_name": self.config.person(person_id).name,
            "key": entry["key"],
            "call": entry["call"],
            "note": entry["note"],
        })
    }
}
