//! What is configured, by call. Answered by the settings component.

mod directory;
mod integration;

use serde_json::Value;

use super::{Call, PageCache};
use crate::call::{Failure, answered};
use crate::config::Config;
use crate::http::{Answer, Request};
use crate::ports::{Clock, Log, Random, Store};

/// The paths of the calls; the manifest leads them to the settings component.
pub const SETTINGS: [&str; 10] = [
    "/integration/list",
    "/member/info",
    "/member/list",
    "/person/infos",
    "/team/infos",
    "/team/list",
    "/field/list",
    "/channel/infos",
    "/channel/info",
    "/channel/list",
];

/// Answers questions about what is configured: what an instance of the settings component keeps between its requests.
#[derive(Default)]
pub struct Settings {
    pages: PageCache,
}

impl Settings {
    /// Answers a request.
    pub async fn handle<S: Store, P: Clock + Random + Log>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Answer {
        answered(ports, request, self.call(store, ports, config, request).await)
    }

    async fn call<S: Store, P: Clock + Random>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
    ) -> Result<Value, Failure> {
        let path = request.path.as_str();
        if !SETTINGS.contains(&path) {
            return Err(Failure::no_path());
        }
        let call = Call::begin(store, ports, &self.pages, config, request)?;
        match path {
            "/integration/list" => call.integration_list().await,
            path => call.directory(path),
        }
    }
}
