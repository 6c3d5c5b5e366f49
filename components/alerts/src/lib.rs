//! Alerts: answers questions of the Open API about alerts and changes. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::api::Alerts;
use alarum::config::Config;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static ALERTS: Rc<Alerts> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let alerts = ALERTS.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read_without_rules, file));
    let config = cache.current(&SpinStore, &Spin).await;
    spin::respond(alerts.handle(&SpinStore, &Spin, config.as_deref(), &request).await)
}
