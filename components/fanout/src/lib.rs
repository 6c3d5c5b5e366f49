//! Fanout: folds the journal into boards; under the name `courier` in the manifest, delivers webhooks. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::fanout::Fanout;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static FANOUT: Rc<Fanout> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let (fanout, config) = (FANOUT.with(Rc::clone), spin::config(Config::parse_without_rules));
    let (answer, to_deliver) = fanout.handle(&SpinStore, &Spin, config.as_deref(), &request).await;
    if !to_deliver.is_empty() {
        spin::spawn(async move {
            fanout.relay(&Spin, to_deliver).await;
        });
    }
    spin::respond(answer)
}
