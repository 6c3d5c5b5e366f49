//! Settings: the calls of the Open API about what is configured. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::api::Settings;
use alarum::config::Config;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static SETTINGS: Rc<Settings> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let settings = SETTINGS.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read_without_rules, file));
    spin::respond(settings.handle(&SpinStore, &Spin, &cache, &request).await)
}
