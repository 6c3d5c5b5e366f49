//! Ingest: takes alert pushes. Builds the adapters and calls the handler.

use std::rc::Rc;

use alarum::config::Config;
use alarum::ingest::Ingest;
use alarum::spin::{self, Spin, SpinStore};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

thread_local! {
    static INGEST: Rc<Ingest> = Rc::default();
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let request = spin::read(request).await;
    let (ingest, config) = (INGEST.with(Rc::clone), spin::config(Config::parse_for_intake));
    let (answer, hint) = ingest.handle(&SpinStore, &Spin, config.as_deref(), &request).await;
    if let Some(hint) = hint {
        spin::spawn(async move { ingest.after(&SpinStore, &Spin, hint).await });
    }
    spin::respond(answer)
}
