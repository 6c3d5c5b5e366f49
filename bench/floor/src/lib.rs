//! The floor that the bench measures against: reads the body and stores it with one `set` before it answers 200. No
//! handler that makes a push durable before its answer can do less.

use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{IntoResponse, Request, StatusCode};
use spin_sdk::http_service;
use spin_sdk::key_value::Store;
use spin_sdk::wasip3::random::random::get_random_u64;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    match store(request).await {
        Ok(()) => (StatusCode::OK, r#"{"request_id":"floor"}"#.to_owned()),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem),
    }
}

async fn store(request: Request) -> Result<(), String> {
    let body = request.into_body().bytes().await.map_err(|e| e.to_string())?;
    let store = Store::open_default().await.map_err(|e| e.to_string())?;
    let key = format!("floor:{:016x}", get_random_u64());
    store.set(key, body).await.map_err(|e| e.to_string())
}
