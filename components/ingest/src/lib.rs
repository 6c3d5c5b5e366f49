//! Ingest: takes alert pushes. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::ingest::Ingest;
use alarum::settings::Cache;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static INGEST: Rc<Ingest> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let ingest = INGEST.with(Rc::clone);
    let cache = spin::configuration(|file| Cache::lenient(Config::read_for_intake, file));
    let (answer, hint) = ingest.take(&SpinStore, &Spin, &cache, &request).await;
    if let Some(hint) = hint {
        spin::spawn(async move {
            ingest.after(&SpinStore, &Spin, hint).await;
            ingest.look(&SpinStore, &Spin, &cache).await;
        });
    }
    spin::respond(answer)
}
