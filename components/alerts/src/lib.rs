//! Alerts: answers questions of the Open API about alerts and changes. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::api::Alerts;
use alarum::config::Config;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static ALERTS: Rc<Alerts> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let (alerts, config) = (ALERTS.with(Rc::clone), spin::config(Config::parse_without_rules));
    spin::respond(alerts.handle(&SpinStore, &Spin, config.as_deref(), &request).await)
}
