//! What can be created, changed and deleted: where it stands in the document, how it is known, what fields it has.

use serde_json::{Map, Value};

use super::field::{Field, Kind, REPEATED_CHARS};
use super::secrets::Secrets;
use crate::error::{ApiError, Code};
use crate::intake::fields::cut;

/// A kind of entries of the document.
pub struct Subject {
    /// What the paths of its calls begin with.
    pub path: &'static str,
    /// The section of the document, or the field of a channel, in which they stand.
    pub section: &'static str,
    /// Whether they stand in a channel, which `channel_id` then names.
    pub in_channel: bool,
    /// What one is called.
    pub noun: &'static str,
    /// What one is known by.
    pub id: Field,
    /// Where that comes from.
    pub ids: Ids,
    /// The other fields, the name first.
    pub fields: &'static [Field],
    /// The secrets of one.
    pub secrets: Secrets,
}

/// Where ids come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// One above the highest.
    Counted,
    /// Drawn: 24 hex digits.
    Drawn,
    /// Who creates it chooses.
    Given,
}

impl Subject {
    /// The subject of a call, and what is to be done.
    pub fn at(path: &str) -> Option<(&'static Self, &str)> {
        const VERBS: [&str; 9] =
            ["create", "update", "upsert", "delete", "enable", "disable", "rotate", "key/rotate", "secret/rotate"];
        SUBJECTS.into_iter().find_map(|subject| {
            let verb = path.strip_prefix(subject.path)?.strip_prefix('/')?;
            VERBS.contains(&verb).then_some((subject, verb))
        })
    }

    /// The id that a call names.
    ///
    /// # Errors
    /// `InvalidParameter` where it is missing or of another type.
    pub fn named(&self, parameters: &Map<String, Value>) -> Result<Value, ApiError> {
        let id = self.id.read(parameters.get(self.id.given).unwrap_or(&Value::Null))?;
        id.ok_or_else(|| ApiError::invalid(self.id.given, "is required"))
    }

    /// Where the entry with an id stands.
    pub fn position(&self, entries: &[Value], id: &Value) -> Option<usize> {
        entries.iter().position(|entry| entry.get(self.id.kept) == Some(id))
    }

    /// The refusal of an id that nothing has.
    pub fn unknown(&self, id: &Value) -> ApiError {
        let id = shown(id);
        ApiError::new(Code::ResourceNotFound, format!("{}: there is no {} {id}", self.id.given, self.noun))
    }
}

/// An id for people.
pub fn shown(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), |text| cut(text, REPEATED_CHARS).to_owned())
}

const fn text(name: &'static str) -> Field {
    Field::same(name, Kind::Text)
}

const fn list(name: &'static str) -> Field {
    Field::same(name, Kind::List)
}

const STATUS: Field = Field::named("status", "enabled", Kind::Enabled);
const INTEGRATION_ID: Field = Field::named("integration_id", "id", Kind::Id);
const INTEGRATION_NAME: Field = Field::named("integration_name", "name", Kind::Text).required();

/// Channels.
pub static CHANNEL: Subject = Subject {
    path: "/channel",
    section: "channels",
    in_channel: false,
    noun: "channel",
    id: Field::named("channel_id", "id", Kind::Id),
    ids: Ids::Counted,
    fields: &[
        Field::named("channel_name", "name", Kind::Text).required(),
        text("description"),
        STATUS,
        Field::same("auto_resolve_timeout", Kind::Number),
        Field::same("auto_resolve_mode", Kind::Choice),
        Field::same("disable_auto_close", Kind::Flag),
        Field::same("group", Kind::Object),
        Field::same("flapping", Kind::Object),
        Field::same("team_id", Kind::Unused),
        Field::same("managing_team_ids", Kind::Unused),
        Field::same("disable_outlier_detection", Kind::Unused),
        Field::same("is_private", Kind::Never),
    ],
    secrets: Secrets::None,
};

/// Integrations.
pub static INTEGRATION: Subject = Subject {
    path: "/integration",
    section: "integrations",
    in_channel: false,
    noun: "integration",
    id: INTEGRATION_ID,
    ids: Ids::Counted,
    fields: &[
        INTEGRATION_NAME,
        Field::same("kind", Kind::Text).required(),
        Field::named("integration_type", "type", Kind::Choice),
        Field::same("channel_id", Kind::Id),
        STATUS,
        Field::same("rate_limit", Kind::Object),
        Field::same("mapping", Kind::Object),
    ],
    secrets: Secrets::Push,
};

/// The keys to the Open API.
pub static KEY: Subject = Subject {
    path: "/key",
    section: "app_keys",
    in_channel: false,
    noun: "key",
    id: Field::same("name", Kind::Choice),
    ids: Ids::Given,
    fields: &[Field::same("role", Kind::Choice), Field::same("person_id", Kind::Id)],
    secrets: Secrets::App,
};

const fn rule(path: &'static str, section: &'static str, noun: &'static str, fields: &'static [Field]) -> Subject {
    let id = text("rule_id");
    Subject { path, section, in_channel: true, noun, id, ids: Ids::Drawn, fields, secrets: Secrets::None }
}

/// All of them; the rules of channels before channels.
pub static SUBJECTS: [&Subject; 11] =
    [&SILENCE, &INHIBIT, &DROP, &CHANNEL, &INTEGRATION, &WEBHOOK, &TABLE, &CALENDAR, &PERSON, &FIELD, &KEY];

const RULE_NAME: Field = Field::same("rule_name", Kind::Choice);
const RULE_STATUS: Field = Field::same("status", Kind::Status);
const PRIORITY: Field = Field::same("priority", Kind::Number);
const DISCARD: Field = Field::same("is_directly_discard", Kind::Flag);

static SILENCE: Subject = rule(
    "/channel/silence/rule",
    "silence",
    "silence rule",
    &[
        RULE_NAME,
        text("description"),
        PRIORITY,
        RULE_STATUS,
        list("filters").required(),
        Field::same("time_filter", Kind::Object),
        list("time_filters"),
        DISCARD,
        Field::same("is_auto_delete", Kind::Flag),
        text("from_incident_id"),
    ],
);

static INHIBIT: Subject = rule(
    "/channel/inhibit/rule",
    "inhibit",
    "inhibit rule",
    &[
        RULE_NAME,
        text("description"),
        PRIORITY,
        RULE_STATUS,
        list("target_filters").required(),
        list("source_filters").required(),
        list("equals").required(),
        DISCARD,
    ],
);

static DROP: Subject = rule(
    "/channel/unsubscribe/rule",
    "drop",
    "drop rule",
    &[RULE_NAME, text("description"), PRIORITY, RULE_STATUS, list("filters").required()],
);

static WEBHOOK: Subject = Subject {
    path: "/webhook",
    section: "subscriptions",
    in_channel: false,
    noun: "subscription",
    id: INTEGRATION_ID,
    ids: Ids::Counted,
    fields: &[
        INTEGRATION_NAME,
        Field::named("webhook_type", "kind", Kind::Choice),
        Field::named("endpoint", "url", Kind::Text).required(),
        STATUS,
        Field::same("secret", Kind::Choice),
        Field::same("old_secret", Kind::Choice),
        list("channel_ids"),
        list("event_types"),
        Field::same("timeout_ms", Kind::Number),
        list("filters"),
        Field::same("headers", Kind::Object),
        Field::same("success", Kind::Choice),
        Field::same("retries", Kind::Number),
        list("retry_waits_s"),
        Field::same("body", Kind::Choice),
        Field::same("value_mapping", Kind::Object),
    ],
    secrets: Secrets::Signing,
};

static TABLE: Subject = Subject {
    path: "/mapping",
    section: "mapping_tables",
    in_channel: false,
    noun: "mapping table",
    id: Field::named("schema_id", "id", Kind::Choice),
    ids: Ids::Given,
    fields: &[
        Field::named("schema_name", "name", Kind::Text),
        list("source_labels").required(),
        list("result_labels").required(),
        list("rows"),
    ],
    secrets: Secrets::None,
};

static CALENDAR: Subject = Subject {
    path: "/calendar",
    section: "calendars",
    in_channel: false,
    noun: "calendar",
    id: Field::same("cal_id", Kind::Choice),
    ids: Ids::Given,
    fields: &[Field::named("cal_name", "name", Kind::Text), list("workdays"), list("holidays"), list("extra_workdays")],
    secrets: Secrets::None,
};

static PERSON: Subject = Subject {
    path: "/person",
    section: "people",
    in_channel: false,
    noun: "person",
    id: Field::named("person_id", "id", Kind::Id),
    ids: Ids::Counted,
    fields: &[Field::named("person_name", "name", Kind::Text).required(), text("email")],
    secrets: Secrets::None,
};

static FIELD: Subject = Subject {
    path: "/field",
    section: "fields",
    in_channel: false,
    noun: "custom field",
    id: Field::named("field_name", "name", Kind::Choice),
    ids: Ids::Given,
    fields: &[
        Field::named("field_type", "type", Kind::Text).required(),
        list("options"),
        Field::same("display_name", Kind::Unused),
    ],
    secrets: Secrets::None,
};
