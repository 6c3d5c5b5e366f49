//! Calls that show what is configured, as the document has it. None shows a key, a secret or the hash of one.

use serde_json::{Map, Value, json};

use super::entry::{entries, position};
use super::field::{Field, Kind};
use super::setting::Setting;
use super::subject::{CHANNEL, INTEGRATION, KEY, SUBJECTS, Subject};
use crate::config::Role;
use crate::error::{ApiError, Code};
use crate::secret::{Candidate, Key};

/// Where who has the key of a shared integration finds the channels; no app key is asked for.
pub const BY_INTEGRATION: &str = "/channel/list-by-integration";

/// The paths of the calls that show what is configured.
pub const LISTS: [&str; 14] = [
    BY_INTEGRATION,
    "/channel/silence/rule/list",
    "/channel/inhibit/rule/list",
    "/channel/unsubscribe/rule/list",
    "/channel/escalate/rule/list",
    "/route/info",
    "/route/list",
    "/alert/pipeline/info",
    "/alert/pipeline/list",
    "/enrichment/info",
    "/enrichment/list",
    "/mapping/list",
    "/calendar/list",
    "/key/list",
];

/// Answers a call that shows what is configured. Of [`BY_INTEGRATION`] the parameters hold the key, as
/// `integration_key`.
///
/// # Errors
/// `InvalidParameter` for a parameter that is missing or of another type; `ResourceNotFound` for an id that nothing has;
/// `Unauthorized` for a key that no shared integration has.
pub fn list(document: &Map<String, Value>, path: &str, parameters: &Map<String, Value>) -> Result<Value, ApiError> {
    let items = match path {
        "/channel/escalate/rule/list" => {
            position(document, &CHANNEL, parameters)?;
            Vec::new()
        }
        BY_INTEGRATION => by_integration(document, parameters)?,
        path => match (Setting::at(path, "info"), Setting::at(path, "list")) {
            (Some(setting), _) => return setting.info(document, parameters),
            (_, Some(setting)) => setting.list(document),
            _ => {
                let of = |subject: &&Subject| path.strip_prefix(subject.path) == Some("/list");
                let unknown = || ApiError::new(Code::RouteNotFound, "there is no such path");
                shown(document, SUBJECTS.into_iter().find(of).ok_or_else(unknown)?, parameters)?
            }
        },
    };
    Ok(json!({"total": items.len(), "items": items}))
}

/// Adds to what `/channel/info` shows how alerts of the channel are grouped and when keys count as flapping, where the
/// document says so.
pub fn grouping(document: &Map<String, Value>, shown: &mut Value) {
    let channels = entries(Some(document), CHANNEL.section);
    let channel = channels.iter().find(|channel| channel.get("id") == shown.get("channel_id"));
    for name in ["group", "flapping"] {
        if let (Some(setting), Some(shown)) = (channel.and_then(|of| of.get(name)), shown.as_object_mut()) {
            shown.insert(name.to_owned(), setting.clone());
        }
    }
}

/// All entries of a kind; of the rules of channels, those of the one that is named.
fn shown(
    document: &Map<String, Value>,
    subject: &Subject,
    parameters: &Map<String, Value>,
) -> Result<Vec<Value>, ApiError> {
    if !subject.in_channel {
        return Ok(entries(Some(document), subject.section).iter().map(|entry| show(subject, entry)).collect());
    }
    let at = position(document, &CHANNEL, parameters)?;
    let channel = entries(Some(document), CHANNEL.section).get(at);
    let mut items = Vec::new();
    for rule in entries(channel.and_then(Value::as_object), subject.section) {
        let mut shown = show(subject, rule);
        shown["channel_id"] = channel.and_then(|channel| channel.get("id")).cloned().unwrap_or_default();
        items.push(shown);
    }
    Ok(items)
}

/// An entry by the protocol's names. What it does not say is left out, but for whether it is enabled and whose it is.
fn show(subject: &Subject, entry: &Value) -> Value {
    let mut shown = Map::new();
    for field in std::iter::once(&subject.id).chain(subject.fields).filter(|field| field.is_kept()) {
        let value = match (field.kind, entry.get(field.kept)) {
            (Kind::Enabled, Some(Value::Bool(false))) => "disabled".into(),
            (Kind::Enabled, _) | (Kind::Status, None) => "enabled".into(),
            (Kind::Id, None) => 0.into(),
            (_, Some(value)) => value.clone(),
            (_, None) => continue,
        };
        shown.insert(field.given.to_owned(), value);
    }
    if subject.section == KEY.section {
        shown.entry("role").or_insert_with(|| Role::default().name().into());
    }
    Value::Object(shown)
}

/// The channels, for whoever has the key of a shared integration.
fn by_integration(document: &Map<String, Value>, parameters: &Map<String, Value>) -> Result<Vec<Value>, ApiError> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let candidate = Candidate::new(text("integration_key"));
    let mut known = false;
    for integration in entries(Some(document), INTEGRATION.section) {
        let shared = integration.get("kind").is_some_and(|kind| kind == "shared");
        let enabled = integration.get("enabled") != Some(&Value::Bool(false));
        let key = integration.get("hash").or(integration.get("key")).and_then(Value::as_str).unwrap_or_default();
        let key = Key::from(key.to_owned());
        known |= key.is_strong() && key.is(&candidate) && shared && enabled;
    }
    if !known {
        let problem = "integration_key is missing or not the key of a shared integration";
        return Err(ApiError::new(Code::Unauthorized, problem));
    }
    for field in [Field::same("query", Kind::Text), Field::same("channel_ids", Kind::List)] {
        field.read(parameters.get(field.given).unwrap_or(&Value::Null))?;
    }
    let (query, ids) = (text("query").to_lowercase(), entries(Some(parameters), "channel_ids"));
    if !ids.iter().all(Value::is_i64) {
        return Err(ApiError::invalid("channel_ids", "must be integers"));
    }
    let mut items = Vec::new();
    for channel in entries(Some(document), CHANNEL.section) {
        let shown = show(&CHANNEL, channel);
        let name = shown["channel_name"].as_str().unwrap_or_default().to_lowercase();
        if name.contains(&query) && (ids.is_empty() || ids.contains(&shown["channel_id"])) {
            let brief = ["channel_id", "channel_name", "status"];
            items.push(brief.iter().map(|name| ((*name).to_owned(), shown[*name].clone())).collect());
        }
    }
    Ok(items)
}
