//! The Open API: incidents (the api component), what people do to them (the actions component), and all about alerts,
//! webhooks and what is configured (components of these names).
//!
//! Who asks sees every push that was answered before: what the journal has beyond the boards is applied in memory.

mod act;
mod alert;
mod cursor;
mod incident;
mod listing;
mod lookup;
mod parameters;
mod past;
mod query;
mod settings;
mod walk;
mod webhook;

use serde::Serialize;
use serde_json::{Map, Value};

pub use self::act::{ACTS, Actions};
pub use self::alert::{ALERTS, Alerts};
pub use self::settings::{CONFIGS, SETTINGS, Settings};
pub use self::webhook::{WEBHOOKS, Webhooks};
use crate::call::{Failure, answered};
use crate::config::{Config, Role};
use crate::error::{ApiError, Code};
use crate::fanout::lease_ms;
use crate::fold::{FoldError, Folder, PageCache};
use crate::http::{Answer, Request};
use crate::ingest::{PREVIEW, configured};
use crate::ports::{Advice, Clock, Log, Random, Store};

/// Totals are counted up to this.
const TOTAL_MAX: usize = 1000;

/// Answers questions: what an instance of the api component keeps between its requests.
#[derive(Default)]
pub struct Api {
    pages: PageCache,
}

/// A page of a list.
#[derive(Serialize)]
struct List {
    items: Vec<Value>,
    total: usize,
    has_next_page: bool,
    /// Where the next page goes on; empty: nowhere.
    search_after_ctx: String,
}

/// A call of the Open API whose key was found to be valid.
struct Call<'a, S, P> {
    folder: Folder<'a, S, P, P>,
    ports: &'a P,
    pages: &'a PageCache,
    config: &'a Config,
    parameters: Map<String, Value>,
    /// Who calls; 0: a key without a person.
    person_id: i64,
    /// The name of the key.
    key_name: &'a str,
    /// What may be done with it.
    role: Role,
}

impl<'a, S: Store, P: Clock + Random> Call<'a, S, P> {
    /// Begins a call.
    ///
    /// # Errors
    /// Another method than POST, a key that is none or has not the role that the call needs, a body that is no object; no
    /// valid configuration.
    fn begin(
        store: &'a S,
        ports: &'a P,
        pages: &'a PageCache,
        config: Option<&'a Config>,
        request: &Request,
        role: Role,
    ) -> Result<Self, ApiError> {
        request.expect_method("POST")?;
        let config = configured(config)?;
        let key = config.app_key(&request.query_value("app_key").unwrap_or_default());
        let unknown = ApiError::new(Code::Unauthorized, "app_key is missing or not a valid one");
        let key = key.ok_or(unknown)?;
        if key.role < role {
            let message = format!("the role of the app key is {}, the call needs {}", key.role.name(), role.name());
            return Err(ApiError::new(Code::AccessDenied, message));
        }
        let parameters = parameters::read(request)?;
        let folder = Folder { store, clock: ports, random: ports, pages, lease_ms: lease_ms(config) };
        Ok(Self {
            folder,
            ports,
            pages,
            config,
            parameters,
            person_id: key.person_id,
            key_name: &key.name,
            role: key.role,
        })
    }
}

impl Api {
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
        if !INCIDENTS.contains(&path) {
            return Err(Failure::no_path());
        }
        let call = Call::begin(store, ports, &self.pages, config, request, Role::Read)?;
        match path {
            "/incident/list" => call.incident_list().await,
            "/incident/list-by-ids" => call.incidents_by_id().await,
            "/incident/info" => call.incident_info().await,
            "/incident/feed" => call.incident_feed().await,
            "/incident/alert/list" => call.incident_alert_list().await,
            "/incident/past/list" => call.past_incidents().await,
            _ => call.advised(PREVIEW, &call.parameters).await,
        }
    }
}

/// The paths of the calls that the api component answers.
pub const INCIDENTS: [&str; 7] = [
    "/incident/list",
    "/incident/list-by-ids",
    "/incident/info",
    "/incident/feed",
    "/incident/alert/list",
    "/incident/past/list",
    "/route/preview",
];

impl<S: Store, P: Clock + Random + Advice> Call<'_, S, P> {
    /// What the component that takes alerts in says to a question.
    async fn advised(&self, path: &str, question: &Map<String, Value>) -> Result<Value, Failure> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        let body = serde_json::to_vec(question).unwrap_or_default();
        let silent = || FoldError::Unreadable { key: path.to_owned(), problem: "no answer".to_owned() };
        let (status, body) = self.ports.ask(path, body).await.ok_or_else(silent)?;
        let answer: Value = serde_json::from_slice(&body).map_err(|_| silent())?;
        if status == 200 {
            return Ok(answer.get("data").cloned().unwrap_or_default());
        }
        let said = |name: &str| answer["error"][name].as_str().unwrap_or_default();
        let code = Code::named(said("code")).ok_or_else(silent)?;
        Err(ApiError::new(code, said("message")).into())
    }
}

/// Plain data with text keys as JSON, which has no way to fail.
fn json(data: impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_default()
}
