//! Fanout: folds the journal into boards. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::fanout::{Fanout, relay};
use alarum::fold::ToDeliver;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static FANOUT: Rc<Fanout> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let fanout = FANOUT.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::new(Config::read_for_folding, file));
    let config = match fanout.needs_config(&request) {
        true => cache.current(&SpinStore, &Spin).await,
        false => None,
    };
    let (answer, after) = fanout.handle(&SpinStore, &Spin, config.as_deref(), &request).await;
    deliver(after.to_deliver);
    if let Some(go_on) = after.go_on {
        spin::spawn(async move {
            let config = config.as_deref();
            fanout.go_on(&SpinStore, &Spin, config, go_on, deliver).await;
        });
    }
    spin::respond(answer)
}

/// Has outboxes delivered while everything else goes on.
fn deliver(to_deliver: ToDeliver) {
    if !to_deliver.is_empty() {
        spin::spawn(async move {
            relay(&Spin, to_deliver).await;
        });
    }
}
