//! Versions of the configuration: changed under compare-and-swap, each with who, when and why.
//!
//! The document of a version is written under a key of its own before the swap that makes it the one that holds, so a crash
//! leaves at most a value that nothing refers to. Version 1 is always the file as it was when the first change was made.

use serde_json::{Map, Value, json};

use super::cache::File;
use super::changes::{changes, list};
use super::root::{Root, document_of, key_of, number};
use super::secrets::hash_keys;
use crate::call::Failure;
use crate::config::{Config, ConfigError, Document, Role};
use crate::error::{ApiError, Code};
use crate::fold::{FoldError, create};
use crate::http::BODY_LIMIT;
use crate::keys;
use crate::ports::{Clock, Log, Random, Store, Swap};
use crate::value;

/// So many versions are kept.
pub const HISTORY: usize = 50;
/// How often a change is tried that others were faster than, or that waits for the first version.
const TRIES: usize = 64;

/// The versions that are stored.
pub struct Versions<'a, S, P> {
    /// The store.
    pub store: &'a S,
    /// The platform.
    pub ports: &'a P,
    /// The mounted file.
    pub file: &'a File,
}

/// Who changes the configuration, and how.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// Whose key it was; 0: nobody's.
    pub person_id: i64,
    /// The name of the key.
    pub key: &'a str,
    /// The path of the call.
    pub call: &'a str,
    /// What was said about it.
    pub note: &'a str,
}

/// Makes the next document of the one that holds, and the answer; may be called several times.
pub type Change<'c> = &'c mut dyn FnMut(&mut Map<String, Value>) -> Result<Value, ApiError>;

/// What a change came to.
pub struct Committed {
    /// Which version holds now.
    pub version: u64,
    /// What is different from the one before; nothing: no version was made.
    pub changes: Vec<Value>,
    /// The answer of the change.
    pub data: Value,
}

impl<S: Store, P: Clock + Random + Log> Versions<'_, S, P> {
    /// What is stored; nothing before the first change.
    ///
    /// # Errors
    /// A store error; it cannot be read.
    pub async fn root(&self) -> Result<Option<Root>, Failure> {
        match self.store.get(keys::CONFIG).await? {
            Some(bytes) => Ok(Some(decoded(&bytes)?)),
            None => Ok(None),
        }
    }

    /// The document that holds, and its version; 0: the file.
    ///
    /// # Errors
    /// A store error; it cannot be read.
    pub async fn current(&self) -> Result<(u64, Map<String, Value>), Failure> {
        match self.root().await? {
            Some(mut root) if self.file.allows_calls() => {
                Ok((root.version(), root.document(self.store).await.map_err(unreadable)?))
            }
            _ => Ok((0, self.of_file()?)),
        }
    }

    /// The document of a version; of 0: the file.
    ///
    /// # Errors
    /// There is none, or none any more; a store error.
    pub async fn document(&self, field: &str, version: u64) -> Result<Map<String, Value>, Failure> {
        if version == 0 {
            return Ok(self.of_file()?);
        }
        let root = self.root().await?;
        let entry = root.iter().flat_map(Root::history).find(|entry| number(entry, "version") == version);
        let unknown = || ApiError::new(Code::ResourceNotFound, format!("{field}: there is no version {version}"));
        Ok(document_of(self.store, entry.ok_or_else(unknown)?).await.map_err(unreadable)?)
    }

    /// The file as it would be stored.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_file(&self) -> Result<Map<String, Value>, ApiError> {
        let document = self.file.document().map_err(|error| told(&error))?;
        Ok(stored(document.into_sections()))
    }

    /// Makes a new version. With `base` only of that version; without, of whichever holds. `takes_file` says that it is
    /// what the file says.
    ///
    /// # Errors
    /// The change refuses; what comes of it is not valid; another version holds than `base`; calls may not change it; a
    /// store error, after which it may be stored.
    pub async fn commit(
        &self,
        base: Option<u64>,
        author: Author<'_>,
        takes_file: bool,
        change: Change<'_>,
    ) -> Result<Committed, Failure> {
        if !self.file.allows_calls() {
            let message = "the configuration is changed in the file alone ([administration] calls = false)";
            return Err(ApiError::new(Code::AccessDenied, message).into());
        }
        for _ in 0..TRIES {
            let (bytes, handle) = self.store.read_to_swap(keys::CONFIG).await?;
            let mut root = bytes.as_deref().map(decoded).transpose()?;
            let version = root.as_ref().map_or(0, Root::version);
            // Version 1 is the file, by another name.
            let begun = root.as_ref().is_some_and(|root| version == 1 && root.file() == self.file.hash());
            if base.is_some_and(|base| base != version && !(base == 0 && begun)) {
                let problem = format!("is {version} now; look at what changed, and name that one");
                return Err(ApiError::invalid("version", &problem).into());
            }
            let old = match &mut root {
                Some(root) => root.document(self.store).await.map_err(unreadable)?,
                None => self.of_file()?,
            };
            let mut document = old.clone();
            let data = change(&mut document)?;
            let document = prepared(document)?;
            let file = match &root {
                Some(root) if !takes_file => root.file(),
                _ => self.file.hash(),
            };
            if document == old && root.as_ref().is_none_or(|root| root.file() == file) {
                return Ok(Committed { version, changes: Vec::new(), data });
            }
            let Some(root) = &root else {
                self.begin(old).await?;
                continue;
            };
            let changes = changes(&old, &document);
            let mut history = root.history().to_vec();
            let entry = self.write(version + 1, self.ports.next_u64(), author, &document).await?;
            history.push(entry.clone());
            let gone: Vec<Value> = history.drain(..history.len().saturating_sub(HISTORY)).collect();
            match self.store.swap(handle, &Root::new(file, document, history).encode()).await? {
                Swap::Stored => {
                    self.forget(&gone).await;
                    return Ok(Committed { version: version + 1, changes, data });
                }
                Swap::Conflict => self.forget(&[entry]).await,
            }
        }
        Err(FoldError::Contention("the configuration".to_owned()).into())
    }

    /// Stores the file as version 1, or waits until somebody has. Whoever tries writes the same bytes.
    async fn begin(&self, document: Map<String, Value>) -> Result<(), Failure> {
        let token = u64::from_str_radix(self.file.hash().get(..16).unwrap_or_default(), 16).unwrap_or_default();
        let author = Author { person_id: 0, key: "", call: "file", note: "" };
        let entry = self.write(1, token, author, &document).await?;
        let root = Root::new(self.file.hash(), document, vec![entry]);
        Ok(create(self.store, self.ports, keys::CONFIG, keys::CONFIG_ARBITER, &root.encode()).await?)
    }

    /// Writes the document of a version under its own key. Returns its entry in the history.
    async fn write(
        &self,
        version: u64,
        token: u64,
        author: Author<'_>,
        document: &Map<String, Value>,
    ) -> Result<Value, Failure> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        let bytes = serde_json::to_vec(document).unwrap_or_default();
        if bytes.len() > BODY_LIMIT {
            let message = format!("the configuration would be larger than {BODY_LIMIT} bytes");
            return Err(ApiError::new(Code::EntityTooLarge, message).into());
        }
        let parts = value::put(self.store, &keys::config_version(version, token), &bytes).await?;
        Ok(json!({
            "version": version,
            "token": token,
            "parts": parts,
            "at": self.ports.now().secs(),
            "person_id": author.person_id,
            "key": author.key,
            "call": author.call,
            "note": author.note,
        }))
    }

    /// Deletes documents that nothing refers to. If that fails they are left behind, which costs room and nothing else.
    async fn forget(&self, entries: &[Value]) {
        if entries.is_empty() {
            return;
        }
        let mut gone = Vec::new();
        for entry in entries {
            let key = key_of(entry);
            gone.extend((0..number(entry, "parts") as usize).map(|part| keys::part(&key, part)));
            gone.push(key);
        }
        if let Err(error) = self.store.delete_many(&gone).await {
            let error = error.to_string();
            self.ports.line(&format!("level=warn msg=\"old configuration not deleted\" error={error:?}"));
        }
    }
}

/// A document as it is stored: keys hashed, without what only the file can say.
fn stored(mut document: Map<String, Value>) -> Map<String, Value> {
    hash_keys(&mut document);
    document.remove("administration");
    document.retain(|_, section| !section.is_null());
    document
}

/// A document as it is stored.
///
/// # Errors
/// It is not valid, or nobody could change it any more.
pub fn prepared(document: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let document = stored(document);
    Document::of(document.clone(), 0).and_then(Config::read).map_err(|error| told(&error))?;
    let administers = |key: &Value| key.get("role").and_then(Value::as_str) == Some(Role::Administer.name());
    match list(&document, "app_keys").iter().any(administers) {
        true => Ok(document),
        false => Err(ApiError::invalid("app_keys", "must have one with the role administer")),
    }
}

fn told(error: &ConfigError) -> ApiError {
    ApiError::new(Code::InvalidParameter, error.0.clone())
}

fn decoded(bytes: &[u8]) -> Result<Root, FoldError> {
    Root::decode(bytes).map_err(unreadable)
}

fn unreadable(problem: String) -> FoldError {
    FoldError::Unreadable { key: keys::CONFIG.to_owned(), problem }
}
