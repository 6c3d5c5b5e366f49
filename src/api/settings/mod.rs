//! What is configured, by call: asked and changed. Answered by the settings component.

mod configuration;
mod directory;

use serde_json::{Map, Value};

pub use self::configuration::CONFIGS;
use super::parameters::{number, read, text};
use super::{Call, PageCache};
use crate::call::{Failure, answered};
use crate::config::{Config, Role};
use crate::error::ApiError;
use crate::http::{Answer, Request};
use crate::ports::{Clock, Log, Random, Store};
use crate::settings::edits::{BY_INTEGRATION, EDITS, LISTS, edit, grouping, list};
use crate::settings::{Author, Cache, Versions};

/// The paths of the calls about the directory; the manifest leads them to the settings component, and with them
/// [`CONFIGS`], [`EDITS`] and [`LISTS`].
pub const SETTINGS: [&str; 9] = [
    "/member/info",
    "/member/list",
    "/person/infos",
    "/team/infos",
    "/team/list",
    "/field/list",
    "/channel/infos",
    "/channel/info",
    "/channel/list",
];

/// The list that shows whose keys there are.
const KEY_LIST: &str = "/key/list";
/// The call that can be made with a key that only the file has.
const APPLY: &str = "/config/apply";
/// The most characters in what is said about a change.
const NOTE_CHARS: usize = 500;

/// Answers what is asked of the configuration and changes it: what an instance of the settings component keeps between its
/// requests.
#[derive(Default)]
pub struct Settings {
    pages: PageCache,
}

/// The role that a call needs, or `None` where there is no such call.
fn role(path: &str) -> Option<Role> {
    if CONFIGS.contains(&path) || EDITS.contains(&path) || path == KEY_LIST {
        return Some(Role::Administer);
    }
    (SETTINGS.contains(&path) || LISTS.contains(&path)).then_some(Role::Read)
}

impl Settings {
    /// Answers a request, by the configuration as it is stored now.
    pub async fn handle<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        cache: &Cache,
        request: &Request,
    ) -> Answer {
        answered(ports, request, self.call(store, ports, cache, request).await)
    }

    async fn call<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        cache: &Cache,
        request: &Request,
    ) -> Result<Value, Failure> {
        let path = request.path.as_str();
        let role = role(path).ok_or_else(Failure::no_path)?;
        cache.expire();
        let config = cache.current(store, ports).await;
        let versions = Versions { store, ports, file: &cache.file };
        if path == BY_INTEGRATION {
            request.expect_method("POST")?;
            let mut parameters = read(request)?;
            let key = request.query_value("integration_key").unwrap_or_default();
            parameters.insert("integration_key".to_owned(), key.into());
            return Ok(list(&versions.current().await?.1, path, &parameters)?);
        }
        let of_file;
        let call = match Call::begin(store, ports, &self.pages, config.as_deref(), request, role) {
            // Who can write the file can have it taken, also where no key of the stored configuration is left.
            Err(refused) if path == APPLY => {
                of_file = cache.file.document().and_then(Config::read_without_rules).map_err(|_| refused.clone())?;
                let call = Call::begin(store, ports, &self.pages, Some(&of_file), request, role);
                call.ok().filter(Call::takes_file).ok_or(refused)?
            }
            call => call?,
        };
        match path {
            path if CONFIGS.contains(&path) => call.configuration(&versions, path).await,
            path if EDITS.contains(&path) => call.edit(&versions, path).await,
            path if LISTS.contains(&path) => Ok(list(&versions.current().await?.1, path, &call.parameters)?),
            "/channel/info" => {
                let mut channel = call.directory(path)?;
                grouping(&versions.current().await?.1, &mut channel);
                Ok(channel)
            }
            path => call.directory(path),
        }
    }
}

impl<S: Store, P: Clock + Random + Log> Call<'_, S, P> {
    /// Changes one entry of the configuration.
    async fn edit(&self, versions: &Versions<'_, S, P>, path: &str) -> Result<Value, Failure> {
        let mut parameters = self.parameters.clone();
        let base = number(&parameters, "config_version")?;
        let note = note(&parameters, "config_note")?;
        parameters.remove("config_version");
        parameters.remove("config_note");
        let now_s = self.ports.now().secs();
        let change = &mut |document: &mut Map<String, Value>| {
            edit(document, path, &parameters, &mut || self.ports.next_u64(), now_s)
        };
        let committed = versions.commit(base, self.author(path, &note), false, change).await?;
        Ok(committed.data)
    }

    fn author<'c>(&'c self, call: &'c str, note: &'c str) -> Author<'c> {
        Author { person_id: self.person_id, key: self.key_name, call, note }
    }
}

/// What is said about a change.
fn note(parameters: &Map<String, Value>, name: &str) -> Result<String, ApiError> {
    let note = text(parameters, name)?.unwrap_or_default();
    match note.chars().count() > NOTE_CHARS {
        true => Err(ApiError::invalid(name, "must have at most 500 characters")),
        false => Ok(note),
    }
}
