//! Courier: delivers webhooks. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::courier::Courier;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static COURIER: Rc<Courier> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let (courier, config) = (COURIER.with(Rc::clone), spin::config(Config::parse_for_delivery));
    spin::respond(courier.handle(&SpinStore, &Spin, config.as_deref(), &request).await)
}
