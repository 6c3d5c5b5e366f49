//! The silences of a channel: rules of the configuration, and quick ones, which were made from incidents and stand on
//! boards. Clients see one list of both and delete from it (Flashduty Open API, silence rules).

use serde_json::{Map, Value, json};

use crate::api::act::SILENCES;
use crate::api::{Call, expect_role};
use crate::call::Failure;
use crate::config::Role;
use crate::error::Code;
use crate::ports::{Advice, Clock, Log, Random, Store, Whom};
use crate::settings::Versions;

/// The calls that know quick silences.
pub const LIST: &str = "/channel/silence/rule/list";
pub const DELETE: &str = "/channel/silence/rule/delete";

impl<S: Store, P: Clock + Random + Log + Advice> Call<'_, S, P> {
    /// The list of the rules of a channel, with its quick silences behind them.
    pub(super) async fn with_quick_silences(&self, mut rules: Value) -> Result<Value, Failure> {
        let mut quick = self.advised(Whom::Actions, SILENCES, &self.of_channel(None)).await?;
        if let (Some(items), Some(quick)) = (rules["items"].as_array_mut(), quick.as_array_mut()) {
            items.append(quick);
            rules["total"] = items.len().into();
        }
        Ok(rules)
    }

    /// Deletes a rule, which takes who administers, or ends a quick silence, which who operates may.
    pub(super) async fn delete_silence(&self, versions: &Versions<'_, S, P>) -> Result<Value, Failure> {
        let may = expect_role(self.role, Role::Administer);
        let refused = match may {
            Ok(()) => match self.edit(versions, DELETE).await {
                Err(Failure::Refused(refused)) => refused,
                done => return done,
            },
            Err(refused) => refused,
        };
        let rule_id = self.parameters.get("rule_id").filter(|id| id.is_string());
        if [Code::ResourceNotFound, Code::AccessDenied].contains(&refused.code) && rule_id.is_some() {
            match self.advised(Whom::Actions, SILENCES, &self.of_channel(rule_id)).await {
                // There is none: it is refused for what it was refused for before.
                Err(Failure::Refused(_)) => {}
                done => return done,
            }
        }
        Err(refused.into())
    }

    fn of_channel(&self, rule_id: Option<&Value>) -> Map<String, Value> {
        let mut question = Map::new();
        question.insert("channel_id".to_owned(), self.parameters.get("channel_id").cloned().unwrap_or_default());
        question.extend(rule_id.map(|id| ("rule_id".to_owned(), id.clone())));
        question.insert("person_id".to_owned(), json!(self.person_id));
        question
    }
}
