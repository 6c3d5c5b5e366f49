//! Webhooks: the calls of the Open API about webhooks. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::api::Webhooks;
use alarum::config::Config;
use alarum::ports::Relay as _;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static WEBHOOKS: Rc<Webhooks> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let webhooks = WEBHOOKS.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read_for_webhooks, file));
    let config = cache.current(&SpinStore, &Spin).await;
    let (answer, retry) = webhooks.handle(&SpinStore, &Spin, config.as_deref(), &request).await;
    if retry {
        spin::spawn(async move {
            Spin.retry().await;
        });
    }
    spin::respond(answer)
}
