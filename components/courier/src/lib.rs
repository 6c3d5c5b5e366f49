//! Courier: delivers webhooks. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::courier::Courier;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static COURIER: Rc<Courier> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let courier = COURIER.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read_for_delivery, file));
    let config = cache.current(&SpinStore, &Spin).await;
    spin::respond(courier.handle(&SpinStore, &Spin, config.as_deref(), &request).await)
}
