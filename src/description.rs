//! The description of all that is served over HTTP, as OpenAPI 3.1; `docs/openapi` has its sources. The console component
//! serves it, which has the room for it.

use crate::error::ApiError;
use crate::http::{Answer, answer};
use crate::ingest::request_id;
use crate::ports::Random;

/// Where it is served.
pub const DESCRIPTION: &str = "/openapi.json";

const DOCUMENT: &str = include_str!("../docs/openapi.json");

/// Answers a request for it, which needs no key.
pub fn describe(ports: &impl Random, method: &str) -> Answer {
    if method != "GET" {
        return answer::<()>(&request_id(ports), Err(ApiError::method("GET")));
    }
    Answer { status: 200, headers: vec![("content-type", "application/json".to_owned())], body: DOCUMENT.into() }
}
