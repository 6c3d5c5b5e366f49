//! Console: serves the page on which people see and handle incidents. It reads no configuration, has no store, and
//! nothing that is asked of the Open API passes through it: the page asks by itself, with the key of who looks at it.

mod assets;

use alarum::console::serve;
use alarum::spin;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let known = request.headers().get("if-none-match").and_then(|value| value.to_str().ok());
    spin::respond(serve(assets::ASSETS, request.method().as_str(), request.uri().path(), known))
}
