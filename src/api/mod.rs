//! The api component's handler: the Open API.
//!
//! Who asks sees every push that was answered before: what the journal has beyond the boards is applied in memory.

mod act;
mod alert;
mod change;
mod explain;
mod incident;
mod integration;
mod parameters;

use serde::Serialize;
use serde_json::{Map, Value};

use self::act::ACTS;
use crate::config::Config;
use crate::error::{ApiError, Code};
use crate::fanout::{ToDeliver, lease_ms};
use crate::fold::{FoldError, Folder, PageCache};
use crate::http::{Answer, Request, answer};
use crate::ingest::{PREVIEW, configured, request_id};
use crate::ports::{Advice, Clock, Log, Random, Store};

/// Totals are counted up to this.
const TOTAL_MAX: usize = 1000;

/// What an instance of the component keeps between its requests.
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
    search_after_ctx: &'static str,
}

/// A call on its way.
struct Call<'a, S, P> {
    folder: Folder<'a, S, P, P>,
    ports: &'a P,
    pages: &'a PageCache,
    config: &'a Config,
    parameters: &'a Map<String, Value>,
    /// Who calls; 0: a key without a person.
    person_id: i64,
}

impl Api {
    /// Answers a request. The outboxes that are returned with the answer are to be given to [`relay`] after it.
    pub async fn handle<S: Store, P: Clock + Random + Log + Advice>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> (Answer, ToDeliver) {
        let (request_id, mut to_deliver) = (request_id(ports), ToDeliver::new());
        let result = self.call(store, ports, config, request, &mut to_deliver).await;
        let result = result.map_err(|failure| match failure {
            Failure::Refused(error) => error,
            Failure::Inside(error) => {
                ports.line(&format!("{} not answered request={request_id} {error}", request.path));
                ApiError::internal()
            }
        });
        (answer(&request_id, result), to_deliver)
    }

    async fn call<S: Store, P: Clock + Random + Advice>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
        to_deliver: &mut ToDeliver,
    ) -> Result<Value, Failure> {
        let path = request.path.as_str();
        if !PATHS.contains(&path) && !ACTS.contains(&path) {
            return Err(ApiError::new(Code::RouteNotFound, "there is no such path").into());
        }
        request.expect_method("POST")?;
        let config = configured(config)?;
        let key = config.app_key(&request.query_value("app_key").unwrap_or_default());
        let unknown = ApiError::new(Code::Unauthorized, "app_key is missing or not a valid one");
        let person_id = key.ok_or(unknown)?.person_id;
        let parameters = &parameters::read(request)?;
        let folder = Folder { store, clock: ports, random: ports, pages: &self.pages, lease_ms: lease_ms(config) };
        let call = Call { folder, ports, pages: &self.pages, config, parameters, person_id };
        if ACTS.contains(&path) {
            let (answer, deliver) = call.act(path).await?;
            *to_deliver = deliver;
            return Ok(answer);
        }
        match path {
            "/incident/list" => call.incident_list().await,
            "/incident/info" => call.incident_info().await,
            "/incident/feed" => call.incident_feed().await,
            "/incident/alert/list" => call.incident_alert_list().await,
            "/alert/info" => call.alert_info().await,
            "/integration/list" => call.integration_list().await,
            "/route/preview" => call.advised(PREVIEW, parameters).await,
            "/alert/explain" => call.alert_explain().await,
            _ => call.change_list().await,
        }
    }
}

/// The paths of the calls.
const PATHS: [&str; 9] = [
    "/incident/list",
    "/incident/info",
    "/incident/feed",
    "/incident/alert/list",
    "/alert/info",
    "/integration/list",
    "/route/preview",
    "/alert/explain",
    "/change/list",
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

/// Why a call was not answered.
enum Failure {
    Refused(ApiError),
    Inside(FoldError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl<E: Into<FoldError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Inside(error.into())
    }
}
