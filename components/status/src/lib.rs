//! Status: whether the deployment lives and is ready, and its figures. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use alarum::status::Status;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static STATUS: Rc<Status> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let status = STATUS.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read, file));
    let config = cache.current(&SpinStore, &Spin).await;
    let problem = cache.problem();
    let config = config.as_deref().ok_or(problem.as_str());
    spin::respond(status.handle(&SpinStore, &Spin, config, &request).await)
}
