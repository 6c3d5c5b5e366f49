//! Parameters of calls, and what all lists have in common: a time window, pages.

use serde_json::{Map, Value};

use super::cursor::Cursor;
use crate::error::ApiError;
use crate::http::Request;

/// A list covers at most this many seconds.
const LIST_SECS: u64 = 31 * 24 * 3600;
/// Items on a page: by default, and at most.
const LIMIT: u64 = 20;
const LIMIT_MAX: u64 = 100;
/// The most ids of incidents or alerts in one call.
const IDS_MAX: usize = 100;
/// How deep a list can be paged into.
const DEPTH_MAX: u64 = 10_000;

/// Which page of a list.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    page: u64,
    /// How many items a page has.
    pub limit: usize,
}

impl Paging {
    /// Reads `p` and `limit`.
    pub fn read(parameters: &Map<String, Value>) -> Result<Self, ApiError> {
        let page = number(parameters, "p")?.unwrap_or(1).max(1);
        let limit = number(parameters, "limit")?.filter(|limit| *limit > 0).unwrap_or(LIMIT);
        if limit > LIMIT_MAX {
            return Err(ApiError::invalid("limit", "must be at most 100"));
        }
        if page.saturating_mul(limit) > DEPTH_MAX {
            return Err(ApiError::invalid("p", "p times limit must be at most 10000"));
        }
        Ok(Self { page, limit: limit as usize })
    }

    /// Reads `limit` and `search_after_ctx`, or `p` where the call does not go on behind an item that was shown. `list`
    /// names the list and its order.
    pub fn read_after(parameters: &Map<String, Value>, list: &str) -> Result<(Self, Option<Cursor>), ApiError> {
        let Some(after) = Cursor::read(parameters, list)? else {
            return Ok((Self::read(parameters)?, None));
        };
        // Then `p` counts no more, however large it is.
        let mut limited = Map::new();
        limited.extend(parameters.get_key_value("limit").map(|(name, limit)| (name.clone(), limit.clone())));
        Ok((Self::read(&limited)?, Some(after)))
    }

    /// How many items come before the page.
    pub const fn skip(&self) -> usize {
        (self.page - 1) as usize * self.limit
    }
}

/// Reads `start_time` and `end_time`, both required, at most 31 days apart; Unix seconds.
pub fn window(parameters: &Map<String, Value>) -> Result<(u64, u64), ApiError> {
    let required = |name| number(parameters, name)?.ok_or(ApiError::invalid(name, "is required (Unix seconds)"));
    let (start_time, end_time) = (required("start_time")?, required("end_time")?);
    if end_time < start_time || end_time - start_time > LIST_SECS {
        return Err(ApiError::invalid("end_time", "must lie after start_time, by at most 31 days"));
    }
    Ok((start_time, end_time))
}

/// A list of ids.
pub fn ids(parameters: &Map<String, Value>, name: &str) -> Result<Vec<i64>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(ids)) => {
            let id = |value: &Value| value.as_i64().ok_or(ApiError::invalid(name, "must be integers"));
            ids.iter().map(id).collect()
        }
        Some(_) => Err(ApiError::invalid(name, "must be an array")),
    }
}

/// A list of the ids of incidents or alerts, at most 100. One that is no id is there nowhere.
pub fn object_ids(parameters: &Map<String, Value>, name: &str) -> Result<Vec<String>, ApiError> {
    let texts = texts(parameters, name)?;
    match texts.len() > IDS_MAX {
        true => Err(ApiError::invalid(name, &format!("must be at most {IDS_MAX}"))),
        false => Ok(texts),
    }
}

/// A list of texts.
pub fn texts(parameters: &Map<String, Value>, name: &str) -> Result<Vec<String>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => {
            let text =
                |value: &Value| value.as_str().map(str::to_owned).ok_or(ApiError::invalid(name, "must be texts"));
            values.iter().map(text).collect()
        }
        Some(_) => Err(ApiError::invalid(name, "must be an array")),
    }
}

/// Yes or no; `None` where it is not given.
pub fn flag(parameters: &Map<String, Value>, name: &str) -> Result<Option<bool>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(flag) => flag.as_bool().map(Some).ok_or(ApiError::invalid(name, "must be true or false")),
    }
}

/// An id that must be given.
pub fn required_id(parameters: &Map<String, Value>, name: &str) -> Result<i64, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Err(ApiError::invalid(name, "is required")),
        Some(value) => value.as_i64().ok_or(ApiError::invalid(name, "must be an integer")),
    }
}

/// The body's parameters; clients send no body where there are none.
pub fn read(request: &Request) -> Result<Map<String, Value>, ApiError> {
    if request.bytes()?.is_empty() {
        return Ok(Map::new());
    }
    match request.json(false)? {
        Value::Object(parameters) => Ok(parameters),
        _ => Err(ApiError::invalid("body", "must be a JSON object")),
    }
}

/// A text, or nothing where it is `null` or absent.
pub fn text(parameters: &Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::invalid(name, "must be a text")),
    }
}

/// A whole number that is not negative.
pub fn number(parameters: &Map<String, Value>, name: &str) -> Result<Option<u64>, ApiError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(ApiError::invalid(name, "must be a whole number, not negative")),
    }
}

/// A list of words with commas between them, each one of `known`.
pub fn words(parameters: &Map<String, Value>, name: &str, known: &[&str]) -> Result<Vec<String>, ApiError> {
    let words = text(parameters, name)?.unwrap_or_default();
    let words: Vec<String> = words.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect();
    match words.iter().all(|word| known.contains(&word.as_str())) {
        true => Ok(words),
        false => Err(ApiError::invalid(name, &format!("must be of {}", known.join(", ")))),
    }
}
