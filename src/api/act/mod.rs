//! What people do to incidents, call by call (Flashduty Open API). A call names incidents that may lie in several
//! channels; nothing is done in any of them unless all of it can be.

mod custom;
mod read;

use serde_json::{Value, json};

use super::Call;
use crate::board::{Board, NO_CHANNEL};
use crate::call::{Failure, answered};
use crate::config::{Config, Role};
use crate::engine::action::{Act, Action, Done, Halt, Refused, act};
use crate::error::{ApiError, Code};
use crate::fanout::ToDeliver;
use crate::fold::{ActError, PageCache};
use crate::http::{Answer, Request};
use crate::ports::{Clock, Log, Random, Relay, Store};
use crate::sorted::SortedMap;

/// The paths of the calls; the manifest leads them to the actions component.
pub const ACTS: [&str; 19] = [
    "/incident/create",
    "/incident/ack",
    "/incident/unack",
    "/incident/wake",
    "/incident/snooze",
    "/incident/resolve",
    "/incident/reopen",
    "/incident/comment",
    "/incident/reset",
    "/incident/field/reset",
    "/incident/merge",
    "/incident/assign",
    "/incident/responder/add",
    "/incident/disable-merge",
    "/incident/remove",
    "/incident/silence",
    CUSTOM_ACTION,
    "/alert/merge",
    "/alert/close",
];

/// The one of them that calls somebody.
const CUSTOM_ACTION: &str = "/incident/custom-action/do";

/// Does what people want done: what an instance of the actions component keeps between its requests.
#[derive(Default)]
pub struct Actions {
    pages: PageCache,
}

impl Actions {
    /// Answers a request. The outboxes that are returned with the answer are to be given to [`relay`](crate::fanout::relay) after it.
    pub async fn handle<S: Store, P: Clock + Random + Log + Relay>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> (Answer, ToDeliver) {
        let mut to_deliver = ToDeliver::new();
        let result = match self.call(store, ports, config, request).await {
            Ok((answer, deliver)) => {
                to_deliver = deliver;
                Ok(answer)
            }
            Err(failure) => Err(failure),
        };
        (answered(ports, request, result), to_deliver)
    }

    async fn call<S: Store, P: Clock + Random + Relay>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Result<(Value, ToDeliver), Failure> {
        if !ACTS.contains(&request.path.as_str()) {
            return Err(Failure::no_path());
        }
        let call = Call::begin(store, ports, &self.pages, config, request, Role::Operate)?;
        match request.path.as_str() {
            CUSTOM_ACTION => call.custom_action().await,
            path => call.act(path).await,
        }
    }
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// Does what a call asks for. Also returns the outboxes that are to be delivered after the answer.
    async fn act(&self, path: &str) -> Result<(Value, ToDeliver), Failure> {
        let action = read::action(path, &self.parameters, self.config)?;
        let parts = match &action {
            Action::Create(_) => vec![(read::channel(&self.parameters, self.config)?.unwrap_or(NO_CHANNEL), action)],
            _ => self.by_channel(action).await?,
        };
        let act = |action| {
            let (at, token) = (self.ports.now(), self.ports.next_u64());
            Act { person_id: self.person_id, at, token, action }
        };
        let parts: Vec<(i64, Act)> = parts.into_iter().map(|(channel, action)| (channel, act(action))).collect();
        if parts.len() > 1 {
            self.rehearse(&parts).await?;
        }
        self.carry_out(parts).await
    }

    /// Does it, channel by channel.
    async fn carry_out(&self, parts: Vec<(i64, Act)>) -> Result<(Value, ToDeliver), Failure> {
        let (mut answer, mut to_deliver) = (Value::Null, ToDeliver::new());
        for (channel, act) in parts {
            let acted = self.folder.act(channel, &act).await.map_err(|error| match error {
                ActError::Refused(refused) => Failure::Refused(told(refused)),
                ActError::Fold(error) => Failure::Inside(error),
            })?;
            to_deliver.extend(acted.token.map(|token| (channel, token)));
            match (acted.done, act.action) {
                (Done::Incident(id), Action::Create(made)) => answer = json!({"incident_id": id, "title": made.title}),
                (Done::Silence(id), _) => answer = json!({"rule_id": id}),
                _ => {}
            }
        }
        Ok((answer, to_deliver))
    }

    /// Parts an action by the channels of the incidents and alerts that it names.
    async fn by_channel(&self, action: Action) -> Result<Vec<(i64, Action)>, Failure> {
        let mut boards = self.folder.view(None).await?;
        let mut channels: SortedMap<i64, Vec<String>> = SortedMap::new();
        let named: Vec<String> = action.incident_ids().into_iter().map(str::to_owned).collect();
        for id in named {
            let channel = self.channel_of_incident(&mut boards, "incident_ids", &id).await?;
            channels.entry(channel).or_default().push(id);
        }
        let alerts = action.alert_ids().to_vec();
        for id in alerts {
            let find = |board: &mut Board| Ok(board.alert(&id)?.is_some());
            let channel = self.find_channel(&mut boards, find).await?;
            let unknown = || told(unknown("alert_ids", format!("there is no alert {id} on a board")));
            channels.entry(channel.ok_or_else(unknown)?).or_default().push(id);
        }
        if channels.len() > 1 && matches!(action, Action::Merge(_) | Action::MergeAlerts(_)) {
            let message = "what is merged must be of one channel";
            return Err(ApiError::new(Code::InvalidParameter, message).into());
        }
        if channels.len() < 2 {
            return Ok(channels.keys().map(|channel| (*channel, action.clone())).collect());
        }
        Ok(channels.into_iter().map(|(channel, ids)| (channel, action.of(ids))).collect())
    }

    async fn channel_of_incident(&self, boards: &mut [Board], field: &'static str, id: &str) -> Result<i64, Failure> {
        let find = |board: &mut Board| Ok(board.incident(id)?.is_some());
        if let Some(channel) = self.find_channel(boards, find).await? {
            return Ok(channel);
        }
        let closed = self.folder.closed_incident(id).await?.map(|document| document.incident.channel_id);
        Ok(closed.ok_or_else(|| unknown_incident(field, id))?)
    }

    async fn find_channel(
        &self,
        boards: &mut [Board],
        find: impl Fn(&mut Board) -> Result<bool, crate::board::Missing>,
    ) -> Result<Option<i64>, Failure> {
        for board in boards {
            if self.pages.loading(self.folder.store, board, &find).await? {
                return Ok(Some(board.head.channel_id));
            }
        }
        Ok(None)
    }

    /// Does in memory what is to be done in several channels: what is refused in one of them is done in none.
    async fn rehearse(&self, parts: &[(i64, Act)]) -> Result<(), Failure> {
        for (channel, what) in parts {
            for board in &mut self.folder.view(Some(&[*channel])).await? {
                self.rehearse_on(board, what).await?;
            }
        }
        Ok(())
    }

    /// Does on a board, in memory, what somebody wants done.
    async fn rehearse_on(&self, board: &mut Board, what: &Act) -> Result<(), Failure> {
        self.folder.recall(board, &what.action).await?;
        let attempt = |board: &mut Board| match act(board, what) {
            Err(Halt::Missing(missing)) => Err(missing),
            Err(Halt::Refused(refused)) => Ok(Some(refused)),
            Ok((changes, _)) => {
                board.commit(changes);
                Ok(None)
            }
        };
        match self.pages.loading(self.folder.store, board, attempt).await? {
            Some(refused) => Err(told(refused).into()),
            None => Ok(()),
        }
    }
}

fn unknown_incident(field: &'static str, id: &str) -> ApiError {
    told(unknown(field, format!("there is no incident {id}")))
}

fn unknown(field: &'static str, problem: String) -> Refused {
    Refused { field, problem, unknown: true }
}

fn told(refused: Refused) -> ApiError {
    match refused.unknown {
        true => ApiError::new(Code::ResourceNotFound, refused.to_string()),
        false => ApiError::invalid(refused.field, &refused.problem),
    }
}
