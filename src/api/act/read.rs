//! The parameters of actions, with their limits; lengths are in characters.

use serde_json::{Map, Value};

use crate::api::parameters::{ids, number, text};
use crate::config::Config;
use crate::engine::action::{Action, AlertMerging, Creation, Fields, Merging, Resolution};
use crate::error::{ApiError, Code};
use crate::id::object_id_secs;
use crate::intake::Severity;

type Parameters = Map<String, Value>;

/// The most incidents or alerts in one call.
const IDS: usize = 100;
/// The default of a quick silence: a day.
const SILENCE_S: u64 = 24 * 3600;

/// What a call asks for.
pub fn action(path: &str, given: &Parameters, config: &Config) -> Result<Action, ApiError> {
    let incidents = || object_ids(given, "incident_ids");
    let incident = || incident(given);
    Ok(match path {
        "/incident/create" => Action::Create(Box::new(creation(given, config)?)),
        "/incident/ack" => Action::Acknowledge(incidents()?),
        "/incident/unack" => Action::Unacknowledge(incidents()?),
        "/incident/wake" => Action::Wake(incidents()?),
        "/incident/snooze" => {
            let minutes = number(given, "minutes")?.ok_or(ApiError::invalid("minutes", "is required"))?;
            Action::Snooze(incidents()?, minutes)
        }
        "/incident/resolve" => {
            let said = Resolution {
                root_cause: within(given, "root_cause", 0, 1024)?,
                resolution: within(given, "resolution", 0, 1024)?,
                description: within(given, "description", 0, 6144)?,
            };
            Action::Resolve(incidents()?, said)
        }
        "/incident/reopen" => Action::Reopen(incidents()?, within(given, "reason", 0, 1024)?.unwrap_or_default()),
        "/incident/comment" => {
            let comment = text(given, "comment")?.map(|comment| comment.trim().to_owned()).unwrap_or_default();
            if !(1..=1024).contains(&comment.chars().count()) {
                return Err(ApiError::invalid("comment", "must have 1 to 1024 characters"));
            }
            Action::Comment(incidents()?, comment, flag(given, "mute_reply")?)
        }
        "/incident/reset" => Action::Reset(incident()?, Box::new(fields(given)?)),
        "/incident/field/reset" => {
            let name = text(given, "field_name")?.ok_or(ApiError::invalid("field_name", "is required"))?;
            // The newest client wraps the value.
            let value = given.get("field_value").cloned().unwrap_or_default();
            let value = match value {
                Value::Object(mut wrapped) => wrapped.remove("value").unwrap_or_default(),
                value => value,
            };
            check_field(config, &name, &value)?;
            Action::ResetField(incident()?, name, value)
        }
        "/incident/merge" => Action::Merge(Box::new(Merging {
            source_incident_ids: object_ids(given, "source_incident_ids")?,
            target_incident_id: object_id(given, "target_incident_id")?,
            title: within(given, "title", 1, 512)?,
            comment: within(given, "comment", 0, 1024)?.unwrap_or_default(),
            owner_id: owner(given, config)?,
            remove_source_incidents: flag(given, "remove_source_incidents")?,
        })),
        "/alert/merge" => Action::MergeAlerts(Box::new(AlertMerging {
            alert_ids: object_ids(given, "alert_ids")?,
            incident_id: incident()?,
            title: within(given, "title", 1, 512)?,
            comment: within(given, "comment", 0, 1024)?.unwrap_or_default(),
            owner_id: owner(given, config)?,
        })),
        "/incident/assign" => {
            let incidents = match given.contains_key("incident_ids") {
                true => incidents()?,
                false => vec![incident()?],
            };
            Action::Assign(
                incidents,
                assigned_to(given, config)?.ok_or(ApiError::invalid("assigned_to", "is required"))?,
            )
        }
        "/incident/responder/add" => Action::AddResponders(incident()?, people(given, "person_ids", config)?),
        "/incident/disable-merge" => Action::DisableMerge(incidents()?),
        "/incident/remove" => Action::Remove(incidents()?),
        "/incident/silence" => Action::Silence(incident()?, number(given, "seconds")?.unwrap_or(SILENCE_S)),
        _ => Action::CloseAlerts(object_ids(given, "alert_ids")?),
    })
}

/// The incident that a call names.
pub fn incident(given: &Parameters) -> Result<String, ApiError> {
    object_id(given, "incident_id")
}

/// The channel that a call names; absent or 0: none.
pub fn channel(given: &Parameters, config: &Config) -> Result<Option<i64>, ApiError> {
    let id = match given.get("channel_id") {
        None | Some(Value::Null) => return Ok(None),
        Some(id) => id.as_i64().ok_or(ApiError::invalid("channel_id", "must be an integer"))?,
    };
    match config.channel(id) {
        _ if id == 0 => Ok(None),
        Some(_) => Ok(Some(id)),
        None => Err(ApiError::new(Code::ResourceNotFound, "channel_id: there is no such channel")),
    }
}

fn creation(given: &Parameters, config: &Config) -> Result<Creation, ApiError> {
    let severity = severity(given)?.ok_or(ApiError::invalid("incident_severity", "is required"))?;
    let mut fields = Map::new();
    match given.get("fields") {
        None | Some(Value::Null) => {}
        Some(Value::Object(values)) => {
            for (name, value) in values {
                check_field(config, name, value)?;
                fields.insert(name.clone(), value.clone());
            }
        }
        Some(_) => return Err(ApiError::invalid("fields", "must be an object")),
    }
    let auto = channel(given, config)?.and_then(|id| config.channel(id)).map(|channel| channel.auto_resolve());
    Ok(Creation {
        severity,
        title: within(given, "title", 1, 512)?.ok_or(ApiError::invalid("title", "is required"))?,
        description: within(given, "description", 0, 1024)?.unwrap_or_default(),
        person_ids: assigned_to(given, config)?.unwrap_or_default(),
        fields,
        auto_resolve: auto.filter(|auto| auto.after_s > 0),
    })
}

fn fields(given: &Parameters) -> Result<Fields, ApiError> {
    let fields = Fields {
        title: within(given, "title", 3, 200)?,
        description: within(given, "description", 3, 6144)?,
        impact: within(given, "impact", 3, 6144)?,
        root_cause: within(given, "root_cause", 3, 6144)?,
        resolution: within(given, "resolution", 3, 6144)?,
        severity: severity(given)?,
    };
    match fields == Fields::default() {
        true => Err(ApiError::invalid("title", "or another field to be changed is required")),
        false => Ok(fields),
    }
}

fn severity(given: &Parameters) -> Result<Option<Severity>, ApiError> {
    let word = text(given, "incident_severity")?.filter(|word| !word.is_empty());
    let unknown = ApiError::invalid("incident_severity", "must be one of Critical, Warning, Info");
    word.map(|word| Severity::parse(&word).ok_or(unknown)).transpose()
}

fn check_field(config: &Config, name: &str, value: &Value) -> Result<(), ApiError> {
    let field = config.fields.iter().find(|field| field.name == name);
    let unknown = || ApiError::new(Code::ResourceNotFound, "field_name: there is no such custom field");
    field.ok_or_else(unknown)?.takes(value).map_err(|problem| ApiError::invalid(&format!("field {name}"), problem))
}

/// To whom something is assigned; absent: to nobody.
fn assigned_to(given: &Parameters, config: &Config) -> Result<Option<Vec<i64>>, ApiError> {
    let assigned = match given.get("assigned_to") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(assigned)) => assigned,
        Some(_) => return Err(ApiError::invalid("assigned_to", "must be an object")),
    };
    if text(assigned, "escalate_rule_id")?.is_some_and(|id| !id.is_empty()) {
        return Err(ApiError::invalid(
            "assigned_to.escalate_rule_id",
            "there are no escalation rules: name person_ids",
        ));
    }
    let named = |error: ApiError| ApiError { message: format!("assigned_to.{}", error.message), ..error };
    people(assigned, "person_ids", config).map(Some).map_err(named)
}

fn people(given: &Parameters, name: &str, config: &Config) -> Result<Vec<i64>, ApiError> {
    let person_ids = ids(given, name)?;
    if !(1..=IDS).contains(&person_ids.len()) {
        return Err(ApiError::invalid(name, "must be 1 to 100 persons"));
    }
    person_ids.iter().try_for_each(|id| known(config, name, *id))?;
    Ok(person_ids)
}

fn owner(given: &Parameters, config: &Config) -> Result<i64, ApiError> {
    let id = match given.get("owner_id") {
        None | Some(Value::Null) => 0,
        Some(id) => id.as_i64().ok_or(ApiError::invalid("owner_id", "must be an integer"))?,
    };
    if id != 0 {
        known(config, "owner_id", id)?;
    }
    Ok(id)
}

fn known(config: &Config, name: &str, id: i64) -> Result<(), ApiError> {
    let unknown = || ApiError::new(Code::ResourceNotFound, format!("{name}: there is no person {id}"));
    config.people.iter().find(|person| person.id == id).map(|_| ()).ok_or_else(unknown)
}

/// A text of so many characters; an empty one counts as absent where it would be too short: clients send it for that.
fn within(given: &Parameters, name: &str, least: usize, most: usize) -> Result<Option<String>, ApiError> {
    let text = text(given, name)?.filter(|text| !text.is_empty());
    match text.as_ref().map(|text| text.chars().count()) {
        Some(length) if !(least..=most).contains(&length) => {
            Err(ApiError::invalid(name, &format!("must have {least} to {most} characters")))
        }
        _ => Ok(text),
    }
}

fn flag(given: &Parameters, name: &str) -> Result<bool, ApiError> {
    match given.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or(ApiError::invalid(name, "must be true or false")),
    }
}

fn object_id(given: &Parameters, name: &str) -> Result<String, ApiError> {
    let id = text(given, name)?.ok_or(ApiError::invalid(name, "is required"))?;
    checked(name, &id)
}

fn object_ids(given: &Parameters, name: &str) -> Result<Vec<String>, ApiError> {
    match given.get(name) {
        Some(Value::Array(ids)) if (1..=IDS).contains(&ids.len()) => {
            let read = |id: &Value| checked(name, id.as_str().ok_or(ApiError::invalid(name, "must be texts"))?);
            ids.iter().map(read).collect()
        }
        _ => Err(ApiError::invalid(name, "must be 1 to 100 ids")),
    }
}

/// Keeps texts that are no ids out of the store's keys.
fn checked(name: &str, id: &str) -> Result<String, ApiError> {
    let unknown = || ApiError::new(Code::ResourceNotFound, format!("{name}: there is no such thing"));
    object_id_secs(id).map(|_| id.to_owned()).ok_or_else(unknown)
}
