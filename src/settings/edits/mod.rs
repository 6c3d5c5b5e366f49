//! Calls that read and change what is configured (Flashduty, Open API: channels, rules of channels, routes, pipelines,
//! label enrichment; the rest is in its style).
//!
//! A call changes one entry of the document. It says in tables what the protocol calls a field and what the document
//! does, and checks ids, names and types; whether the document holds together afterwards is for
//! [`Config`](crate::config::Config) to say, as with one that was written by hand.

mod deleting;
mod entry;
mod field;
mod lists;
mod secrets;
mod setting;
mod subject;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::entry::Entries;
use self::setting::Setting;
use self::subject::Subject;
use crate::error::{ApiError, Code};

/// The paths of the calls that change the configuration.
pub const EDITS: [&str; 49] = [
    "/channel/create",
    "/channel/update",
    "/channel/delete",
    "/channel/enable",
    "/channel/disable",
    "/channel/silence/rule/create",
    "/channel/silence/rule/update",
    "/channel/silence/rule/delete",
    "/channel/silence/rule/enable",
    "/channel/silence/rule/disable",
    "/channel/inhibit/rule/create",
    "/channel/inhibit/rule/update",
    "/channel/inhibit/rule/delete",
    "/channel/inhibit/rule/enable",
    "/channel/inhibit/rule/disable",
    "/channel/unsubscribe/rule/create",
    "/channel/unsubscribe/rule/update",
    "/channel/unsubscribe/rule/delete",
    "/channel/unsubscribe/rule/enable",
    "/channel/unsubscribe/rule/disable",
    "/integration/create",
    "/integration/update",
    "/integration/delete",
    "/integration/enable",
    "/integration/disable",
    "/integration/key/rotate",
    "/route/upsert",
    "/alert/pipeline/upsert",
    "/enrichment/upsert",
    "/mapping/upsert",
    "/mapping/delete",
    "/calendar/upsert",
    "/calendar/delete",
    "/webhook/create",
    "/webhook/update",
    "/webhook/delete",
    "/webhook/enable",
    "/webhook/disable",
    "/webhook/secret/rotate",
    "/person/create",
    "/person/update",
    "/person/delete",
    "/field/create",
    "/field/update",
    "/field/delete",
    "/key/create",
    "/key/delete",
    "/key/update",
    "/key/rotate",
];

pub use self::lists::{BY_INTEGRATION, LISTS, grouping, list};

/// Changes the document and returns what the call answers. `draw` gives random numbers, for keys and ids.
///
/// What it leaves may still be refused: the whole document is to be read afterwards, before it is stored.
///
/// # Errors
/// `InvalidParameter` for a parameter that is missing, not known or of another type, and for what is to be deleted and
/// is still used; `ResourceNotFound` for an id that nothing has. The document is then as it was.
pub fn edit(
    document: &mut Map<String, Value>,
    path: &str,
    parameters: &Map<String, Value>,
    draw: &mut dyn FnMut() -> u64,
    now_s: u64,
) -> Result<Value, ApiError> {
    let unknown = || ApiError::new(Code::RouteNotFound, "there is no such path");
    if !EDITS.contains(&path) {
        return Err(unknown());
    }
    if let Some(setting) = Setting::at(path, "upsert") {
        return setting.upsert(document, parameters, now_s);
    }
    let (subject, verb) = Subject::at(path).ok_or_else(unknown)?;
    let mut entries = Entries::of(document, subject, parameters)?;
    match verb {
        "create" => entries.create(parameters, draw, now_s),
        "update" => entries.update(parameters),
        "upsert" => match entries.exists(parameters)? {
            true => entries.update(parameters),
            false => entries.create(parameters, draw, now_s).map(|_| Value::Null),
        },
        "delete" => entries.delete(parameters),
        "enable" => entries.switch(parameters, "enabled"),
        "disable" => entries.switch(parameters, "disabled"),
        _ => entries.rotate(parameters, draw),
    }
}
