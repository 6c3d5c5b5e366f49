//! The directory: who and what there is, as the configuration has it. Clients ask it for the names of the ids that
//! incidents carry.
//!
//! There are no teams: lists of them are empty, and nothing belongs to one.

use serde_json::{Map, Value, json};

use crate::api::Call;
use crate::api::parameters::{flag, ids, number, required_id, text};
use crate::call::Failure;
use crate::config::{AutoResolveMode, Channel, Field, FieldKind, Person};
use crate::error::{ApiError, Code};
use crate::ports::{Clock, Random, Store};

/// The most items on a page, and without a limit given.
const LIMIT_MAX: u64 = 100;
/// The most ids in a question about channels.
const CHANNELS: usize = 1000;
/// The most in one about people.
const PEOPLE: usize = 100;

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// Answers a call about the directory.
    pub(super) fn directory(&self, path: &str) -> Result<Value, Failure> {
        Ok(match path {
            "/member/info" => {
                let mut member = self.member(&self.config.person(self.person_id));
                member["role"] = self.role.name().into();
                member
            }
            "/member/list" => {
                let query = self.query()?;
                let wanted = |person: &&Person| asks_for(&query, &[&person.name, &person.email]);
                let people = self.config.people.iter().filter(wanted);
                self.page(people.map(|person| self.member(person)).collect())?
            }
            "/person/infos" => {
                let ids = self.some_ids("person_ids", PEOPLE)?;
                let people = self.config.people.iter().filter(|person| ids.contains(&person.id));
                json!({"items": people.map(|person| self.person(person)).collect::<Vec<_>>()})
            }
            "/team/infos" => {
                self.some_ids("team_ids", PEOPLE)?;
                json!({"items": []})
            }
            "/team/list" => self.page(Vec::new())?,
            "/field/list" => {
                let fields: Vec<Value> = self.config.fields.iter().map(field).collect();
                json!({"total": fields.len(), "items": fields})
            }
            "/channel/infos" => {
                let ids = self.some_ids("channel_ids", CHANNELS)?;
                let channels = self.config.channels.iter().filter(|channel| ids.contains(&channel.id));
                let brief = |channel: &Channel| json!({"channel_id": channel.id, "channel_name": channel.name, "status": channel.status()});
                json!({"items": channels.map(brief).collect::<Vec<_>>()})
            }
            "/channel/info" => {
                let id = required_id(&self.parameters, "channel_id")?;
                let unknown = || ApiError::new(Code::ResourceNotFound, format!("channel_id: there is no channel {id}"));
                self.channel(self.config.channel(id).ok_or_else(unknown)?)
            }
            _ => self.channel_list()?,
        })
    }

    /// `/channel/list`.
    fn channel_list(&self) -> Result<Value, ApiError> {
        let channel_ids = ids(&self.parameters, "channel_ids")?;
        let name = text(&self.parameters, "channel_name")?.filter(|name| !name.is_empty());
        // Nothing is a team's, and nobody has a star.
        let of_mine = ["is_my_team", "is_my_starred", "is_my_managed"];
        let mut nobodys = !ids(&self.parameters, "team_ids")?.is_empty();
        for name in of_mine {
            nobodys |= flag(&self.parameters, name)? == Some(true);
        }
        let (query, mut channels) = (self.query()?, Vec::new());
        for channel in self.config.channels.iter().filter(|_| !nobodys) {
            let named = name.as_ref().is_none_or(|name| *name == channel.name);
            if named
                && (channel_ids.is_empty() || channel_ids.contains(&channel.id))
                && asks_for(&query, &[&channel.name])
            {
                channels.push(self.channel(channel));
            }
        }
        self.page(channels)
    }

    /// What names must contain, in lower case.
    fn query(&self) -> Result<String, ApiError> {
        Ok(text(&self.parameters, "query")?.unwrap_or_default().to_lowercase())
    }

    /// A page of a list, by `p` and `limit`.
    fn page(&self, items: Vec<Value>) -> Result<Value, ApiError> {
        let limit = number(&self.parameters, "limit")?.filter(|limit| *limit > 0).unwrap_or(LIMIT_MAX);
        if limit > LIMIT_MAX {
            return Err(ApiError::invalid("limit", "must be at most 100"));
        }
        let page = number(&self.parameters, "p")?.unwrap_or(1).max(1);
        let total = items.len();
        let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
        let items: Vec<Value> = items.into_iter().skip(skip).take(limit as usize).collect();
        let has_next_page = total > skip.saturating_add(items.len());
        Ok(json!({"total": total, "has_next_page": has_next_page, "items": items}))
    }

    fn some_ids(&self, name: &'static str, most: usize) -> Result<Vec<i64>, ApiError> {
        let ids = ids(&self.parameters, name)?;
        match ids.len() > most {
            true => Err(ApiError::invalid(name, &format!("must be at most {most}"))),
            false => Ok(ids),
        }
    }

    /// A person as `/person/infos` shows one.
    fn person(&self, person: &Person) -> Value {
        json!({
            "account_id": self.config.account.id,
            "person_id": person.id,
            "person_name": person.name,
            "email": person.email,
            "phone_verified": false,
            "email_verified": false,
            "avatar": "",
            "locale": "",
            "time_zone": "",
            "as": "member",
            "status": "enabled",
        })
    }

    /// A person as a member of the account.
    fn member(&self, person: &Person) -> Value {
        json!({
            "account_id": self.config.account.id,
            "account_name": self.config.account.name,
            "member_id": person.id,
            "member_name": person.name,
            "email": person.email,
            "phone_verified": false,
            "email_verified": false,
            "avatar": "",
            "domain": "",
            "locale": "",
            "time_zone": "",
            "status": "enabled",
        })
    }

    fn channel(&self, channel: &Channel) -> Value {
        json!({
            "account_id": self.config.account.id,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "description": channel.description,
            "status": channel.status(),
            "team_id": 0,
            "managing_team_ids": [],
            "creator_id": 0,
            "is_private": false,
            "disable_auto_close": channel.disable_auto_close,
            "disable_outlier_detection": true,
            "auto_resolve_timeout": channel.auto_resolve_timeout,
            "auto_resolve_mode": match channel.auto_resolve_mode {
                AutoResolveMode::Trigger => "trigger",
                AutoResolveMode::Update => "update",
            },
            "created_at": 0,
            "updated_at": 0,
            "deleted_at": 0,
        })
    }
}

/// Whether what has these names is asked for by a query.
fn asks_for(query: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.to_lowercase().contains(query))
}

fn field(field: &Field) -> Value {
    let mut shown = Map::new();
    shown.insert("field_name".to_owned(), field.name.as_str().into());
    shown.insert("display_name".to_owned(), field.name.as_str().into());
    let kind = match field.kind {
        FieldKind::Text => "text",
        FieldKind::SingleSelect => "single_select",
        FieldKind::MultiSelect => "multi_select",
        FieldKind::Checkbox => "checkbox",
    };
    shown.insert("field_type".to_owned(), kind.into());
    shown.insert("options".to_owned(), json!(field.options));
    shown.into()
}
