//! The one value under the configuration's key: which version holds, with its document where that fits, and what came
//! before it.
//!
//! Read as plain data: every component reads it, and none needs more of it than a few fields.

use serde_json::{Map, Value};

use crate::config::hash_of;
use crate::keys;
use crate::ports::{Store, VALUE_LIMIT};
use crate::value;

/// The format that this version writes.
const FORMAT: u64 = 1;

/// The value under the key.
#[derive(Clone, Debug, PartialEq)]
pub struct Root(Map<String, Value>);

impl Root {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it: no JSON object, or of a format that is not known.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else {
            return Err("is no JSON object".to_owned());
        };
        match fields.get("v").and_then(Value::as_u64) {
            Some(FORMAT) => Ok(Self(fields)),
            Some(format) => Err(format!("has format {format}")),
            None => Err("has no format".to_owned()),
        }
    }

    /// One of which this is the newest `history` entry; oldest entry first.
    pub(super) fn new(file: &str, document: Map<String, Value>, history: Vec<Value>) -> Self {
        let mut fields = Map::new();
        // Plain data with text keys: serialising it into memory has no way to fail.
        fields.insert("revision".to_owned(), hash_of(&serde_json::to_vec(&document).unwrap_or_default()).into());
        fields.insert("v".to_owned(), FORMAT.into());
        fields.insert("version".to_owned(), history.last().map_or(0, |entry| number(entry, "version")).into());
        fields.insert("file".to_owned(), file.into());
        fields.insert("history".to_owned(), history.into());
        fields.insert("document".to_owned(), document.into());
        Self(fields)
    }

    /// As it is stored: without the document where that is too large.
    pub(super) fn encode(mut self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        let bytes = serde_json::to_vec(&self.0).unwrap_or_default();
        if bytes.len() <= VALUE_LIMIT {
            return bytes;
        }
        self.0.remove("document");
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// Which version holds, from 1.
    pub fn version(&self) -> u64 {
        self.0.get("version").and_then(Value::as_u64).unwrap_or_default()
    }

    /// What tells its document from any other.
    pub fn revision(&self) -> u64 {
        self.0.get("revision").and_then(Value::as_u64).unwrap_or_default()
    }

    /// The hash of the file that it was last taken from.
    pub fn file(&self) -> &str {
        self.0.get("file").and_then(Value::as_str).unwrap_or_default()
    }

    /// What is known of versions, oldest first; the last entry is of the one that holds.
    pub fn history(&self) -> &[Value] {
        self.0.get("history").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The document that holds; read apart where it is large.
    ///
    /// # Errors
    /// A store error; what is stored is no document.
    pub async fn document(&mut self, store: &impl Store) -> Result<Map<String, Value>, String> {
        if let Some(Value::Object(document)) = self.0.remove("document") {
            return Ok(document);
        }
        let entry = self.history().last().ok_or("has no history")?;
        document_of(store, entry).await
    }
}

/// The document of a version, by its entry in the history.
///
/// # Errors
/// A store error; it is not there any more, or no document.
pub(super) async fn document_of(store: &impl Store, entry: &Value) -> Result<Map<String, Value>, String> {
    let key = key_of(entry);
    let (bytes, _) = value::get(store, &key).await.map_err(|e| e.to_string())?.ok_or(format!("{key} is gone"))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(document)) => Ok(document),
        _ => Err(format!("{key} is no JSON object")),
    }
}

/// Where the document of a version is stored.
pub(super) fn key_of(entry: &Value) -> String {
    keys::config_version(number(entry, "version"), number(entry, "token"))
}

/// A number in an entry of the history; 0 where it has none.
pub(super) fn number(entry: &Value, name: &str) -> u64 {
    entry.get(name).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn a_root_reads_back_as_it_was_written() {
        let history = vec![json!({"version": 3, "token": u64::MAX})];
        let root = Root::new("f", document(json!({"version": 1})), history);
        assert_eq!((root.version(), root.file(), root.history().len()), (3, "f", 1));
        assert_eq!(Root::decode(&root.clone().encode()), Ok(root.clone()));
        assert_eq!(key_of(&root.history()[0]), "alarum:1:config:3:ffffffffffffffff");
    }

    #[test]
    fn a_large_document_is_left_to_its_own_key() {
        let large = document(json!({"base_url": "x".repeat(VALUE_LIMIT)}));
        let bytes = Root::new("f", large, vec![json!({"version": 1})]).encode();
        assert!(bytes.len() < 200, "{}", bytes.len());
        assert_eq!(Root::decode(&bytes).map(|root| root.version()), Ok(1));
    }

    #[test]
    fn what_is_no_root_is_refused_with_the_reason() {
        for (bytes, problem) in [
            ("", "is no JSON object"),
            ("[]", "is no JSON object"),
            ("{}", "has no format"),
            (r#"{"v": 2}"#, "has format 2"),
        ] {
            assert_eq!(Root::decode(bytes.as_bytes()), Err(problem.to_owned()));
        }
    }
}
