//! The fields of what can be changed: what the protocol calls one, what the document calls it, what it takes.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::intake::fields::cut;

/// How much of a name that is not known is repeated, characters.
pub const REPEATED_CHARS: usize = 80;

/// What calls answer and nobody sets: who changes what was read may send it back.
const OF_ANSWERS: [&str; 8] = [
    "account_id",
    "creator_id",
    "updated_by",
    "created_at",
    "updated_at",
    "deleted_at",
    "last_incident_at",
    "last_time",
];

/// A field.
pub struct Field {
    /// Its name in calls.
    pub given: &'static str,
    /// Its name in the document.
    pub kept: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether an entry must have it.
    pub required: bool,
}

/// What a field takes. `null` empties any of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text; an empty one says nothing.
    Choice,
    /// A whole number.
    Number,
    /// An id; 0 is none.
    Id,
    /// Yes or no.
    Flag,
    /// A list, which is kept as it is.
    List,
    /// An object, which is kept as it is.
    Object,
    /// `enabled` or `disabled`, kept as yes or no.
    Enabled,
    /// `enabled` or `disabled`, kept as it is.
    Status,
    /// Part of the protocol, of something that Alarum does not have; it is not kept.
    Unused,
    /// The same where yes would promise something: only no is taken.
    Never,
}

impl Field {
    /// A field that has one name.
    pub const fn same(name: &'static str, kind: Kind) -> Self {
        Self::named(name, name, kind)
    }

    /// A field that has two.
    pub const fn named(given: &'static str, kept: &'static str, kind: Kind) -> Self {
        Self { given, kept, kind, required: false }
    }

    /// The same as one that must be there.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// What is kept of a value; `None`: nothing.
    ///
    /// # Errors
    /// `InvalidParameter` where it is of another type.
    pub fn read(&self, value: &Value) -> Result<Option<Value>, ApiError> {
        if value.is_null() || self.kind == Kind::Unused {
            return Ok(None);
        }
        let (takes, what) = match self.kind {
            Kind::Text | Kind::Choice => (value.is_string(), "must be a text"),
            Kind::Number | Kind::Id => (value.is_i64() || value.is_u64(), "must be an integer"),
            Kind::Flag => (value.is_boolean(), "must be true or false"),
            Kind::List => (value.is_array(), "must be an array"),
            Kind::Object => (value.is_object(), "must be an object"),
            Kind::Enabled | Kind::Status => (value == "enabled" || value == "disabled", "must be enabled or disabled"),
            Kind::Unused | Kind::Never => (*value == Value::Bool(false), "must be false, there is no such thing"),
        };
        if !takes {
            return Err(ApiError::invalid(self.given, what));
        }
        Ok(match self.kind {
            Kind::Choice if value == "" => None,
            Kind::Id if *value == 0 => None,
            Kind::Never => None,
            Kind::Enabled => Some(Value::Bool(value == "enabled")),
            _ => Some(without_nulls(value)),
        })
    }

    /// Whether it stands in the document.
    pub fn is_kept(&self) -> bool {
        !matches!(self.kind, Kind::Unused | Kind::Never)
    }
}

/// Takes parameters into an entry; those in `aside` are looked at elsewhere. A parameter that is `null` takes its field
/// out.
///
/// # Errors
/// `InvalidParameter` for a parameter that is no field or of another type, and for a field that must be there and is
/// not.
pub fn merge(
    fields: &[Field],
    aside: &[&str],
    parameters: &Map<String, Value>,
    entry: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let aside = |name: &str| aside.contains(&name) || OF_ANSWERS.contains(&name);
    for (name, value) in parameters.iter().filter(|(name, _)| !aside(name)) {
        let field = fields.iter().find(|field| field.given == name);
        let unknown = || ApiError::invalid(cut(name, REPEATED_CHARS), "is not a parameter of this call");
        let field = field.ok_or_else(unknown)?;
        match field.read(value)? {
            Some(value) => entry.insert(field.kept.to_owned(), value),
            None => entry.remove(field.kept),
        };
    }
    match fields.iter().find(|field| field.required && !entry.contains_key(field.kept)) {
        Some(missing) => Err(ApiError::invalid(missing.given, "is required")),
        None => Ok(()),
    }
}

/// A value without fields that are `null`, which say as much as those that are not there. It was read from JSON, so it
/// is not deep.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(without_nulls).collect()),
        value => value.clone(),
    }
}
