//! Status: whether the deployment lives and is ready, and its figures. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
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
    let (status, config) = (STATUS.with(Rc::clone), spin::config_or_problem(Config::parse));
    let config = config.as_deref().map_err(String::as_str);
    spin::respond(status.handle(&SpinStore, &Spin, config, &request).await)
}
