//! Actions: what people do to incidents by the Open API. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::api::Actions;
use alarum::config::Config;
use alarum::fanout::relay;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static ACTIONS: Rc<Actions> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let actions = ACTIONS.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read_for_actions, file));
    let config = cache.current(&SpinStore, &Spin).await;
    let (answer, to_deliver) = actions.handle(&SpinStore, &Spin, config.as_deref(), &request).await;
    if !to_deliver.is_empty() {
        spin::spawn(async move {
            relay(&Spin, to_deliver).await;
        });
    }
    spin::respond(answer)
}
