//! Settings: answers questions of the Open API about what is configured. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::api::Settings;
use alarum::config::Config;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static SETTINGS: Rc<Settings> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let (settings, config) = (SETTINGS.with(Rc::clone), spin::config(Config::parse_without_rules));
    spin::respond(settings.handle(&SpinStore, &Spin, config.as_deref(), &request).await)
}
