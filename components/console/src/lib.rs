//! Console: serves the page on which people see and handle incidents, and the description of the API. It reads no configuration, has no store, and
//! nothing that is asked of the Open API passes through it: the page asks by itself, with the key of who looks at it.

mod assets;

use alarum::console::serve;
use alarum::description::{DESCRIPTION, describe};
use alarum::spin::{self, Spin};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    if request.uri().path().ends_with(DESCRIPTION) {
        return spin::respond(describe(&Spin, request.method().as_str(), request.uri().path()));
    }
    let known = request.headers().get("if-none-match").and_then(|value| value.to_str().ok());
    spin::respond(serve(assets::ASSETS, request.method().as_str(), request.uri().path(), known))
}
