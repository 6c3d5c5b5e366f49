//! Quick silences, for the component that lists the rules of channels and deletes them: it reads no boards (Flashduty,
//! "Noise Reduction", quick silence).
//!
//! Nobody else gets here, because no route leads to the path: who asks has looked at the key.

use serde_json::{Value, json};

use super::{Act, Action, Call};
use crate::api::parameters::{read, required_id, text};
use crate::board::QuickSilence;
use crate::call::Failure;
use crate::config::{Config, Role};
use crate::error::{ApiError, Code};
use crate::fanout::lease_ms;
use crate::fold::{Folder, PageCache, ToDeliver};
use crate::http::Request;
use crate::ingest::configured;
use crate::ports::{Clock, Random, Store};

/// Where they are asked for: those of `channel_id`, or, with `rule_id`, one of them to be ended by `person_id`.
pub const SILENCES: &str = "/silences";

impl<'a, S: Store, P: Clock + Random> Call<'a, S, P> {
    /// Begins to answer another component.
    pub(super) fn of_silences(
        store: &'a S,
        ports: &'a P,
        pages: &'a PageCache,
        config: Option<&'a Config>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let (config, parameters) = (configured(config)?, read(request)?);
        let person_id = parameters.get("person_id").and_then(Value::as_i64).unwrap_or_default();
        let folder = Folder { store, clock: ports, random: ports, pages, lease_ms: lease_ms(config) };
        Ok(Self { folder, ports, pages, config, parameters, person_id, key_name: "", role: Role::Operate })
    }

    /// The silences of a channel that are in force, or nothing where one was to be ended.
    pub(super) async fn silences(&self) -> Result<(Value, ToDeliver), Failure> {
        let (channel, rule_id) = (required_id(&self.parameters, "channel_id")?, text(&self.parameters, "rule_id")?);
        let now_s = self.ports.now().secs();
        let boards = self.folder.view(Some(&[channel])).await?;
        let board = boards.iter().find(|board| board.head.channel_id == channel);
        let silences = board.map_or(&[][..], |board| board.silences()).iter();
        let mut silences = silences.filter(|silence| silence.end_time > now_s);
        let Some(rule_id) = rule_id else {
            return Ok((silences.map(|silence| shown(silence, channel)).collect(), ToDeliver::new()));
        };
        // A channel in which nothing has happened has no board, and needs none for this.
        if !silences.any(|silence| silence.rule_id == rule_id) {
            return Err(ApiError::new(Code::ResourceNotFound, "rule_id: there is no such silence").into());
        }
        let (at, token) = (self.ports.now(), self.ports.next_u64());
        let act = Act { person_id: self.person_id, at, token, action: Action::EndSilence(rule_id) };
        self.carry_out(vec![(channel, act)]).await
    }
}

/// A quick silence as a rule of its channel.
fn shown(silence: &QuickSilence, channel: i64) -> Value {
    let mut conditions = vec![json!({"key": "severity", "oper": "IN", "vals": [silence.severity]})];
    for (name, value) in &silence.labels {
        conditions.push(json!({"key": format!("labels.{name}"), "oper": "IN", "vals": [value]}));
    }
    json!({
        "channel_id": channel,
        "rule_id": silence.rule_id,
        "rule_name": "",
        "status": "enabled",
        "filters": [conditions],
        "time_filter": {"start_time": silence.start_time, "end_time": silence.end_time},
        "is_auto_delete": true,
        "from_incident_id": silence.from_incident_id,
    })
}
