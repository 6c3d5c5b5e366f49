//! Alerts by call: those of an incident, one, what becomes of one; changes; and where both come from. Answered by the
//! alerts component, but for the alerts of an incident, which go with it.

mod change;
mod event;
mod event_list;
mod event_query;
mod explain;
mod feed;
mod info;
mod integration;
mod list;
mod of_incident;
mod outlook;
mod query;

use serde_json::Value;

use super::{Call, PageCache};
use crate::call::{Failure, answered};
use crate::config::{Config, Role};
use crate::http::{Answer, Request};
use crate::ports::{Advice, Clock, Log, Random, Store};

/// The paths of the calls; the manifest leads them to the alerts component.
pub const ALERTS: [&str; 9] = [
    "/alert/list",
    "/alert/list-by-ids",
    "/alert/info",
    "/alert/event/list",
    "/alert/feed",
    "/alert-event/list",
    "/alert/explain",
    "/change/list",
    "/integration/list",
];

/// Answers questions about alerts: what an instance of the alerts component keeps between its requests.
#[derive(Default)]
pub struct Alerts {
    pages: PageCache,
}

impl Alerts {
    /// Answers a request.
    pub async fn handle<S: Store, P: Clock + Random + Log + Advice>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Answer {
        answered(ports, request, self.call(store, ports, config, request).await)
    }

    async fn call<S: Store, P: Clock + Random + Advice>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Result<Value, Failure> {
        let path = request.path.as_str();
        if !ALERTS.contains(&path) {
            return Err(Failure::no_path());
        }
        let call = Call::begin(store, ports, &self.pages, config, request, Role::Read)?;
        match path {
            "/alert/list" => call.alert_list().await,
            "/alert/list-by-ids" => call.alerts_by_id().await,
            "/alert/info" => call.alert_info().await,
            "/alert/event/list" => call.alert_event_list().await,
            "/alert/feed" => call.alert_feed().await,
            "/alert-event/list" => call.event_list().await,
            "/alert/explain" => call.alert_explain().await,
            "/change/list" => call.change_list().await,
            _ => call.integration_list().await,
        }
    }
}
