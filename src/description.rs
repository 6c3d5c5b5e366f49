//! The description of all that is served over HTTP, as OpenAPI 3.1; `docs/openapi` has its sources. The console component
//! serves it, which has the room for it.

use crate::error::{ApiError, Code};
use crate::http::{Answer, answer};
use crate::ingest::request_id;
use crate::ports::Random;

/// Where it is served.
pub const DESCRIPTION: &str = "/openapi.json";

const DOCUMENT: &str = include_str!("../docs/openapi.json");

/// Answers a request for it, which needs no key. Another path is refused as everywhere: hosts take `//openapi.json` for it.
pub fn describe(ports: &impl Random, method: &str, path: &str) -> Answer {
    let refused = match (path, method) {
        (DESCRIPTION, "GET") => None,
        (DESCRIPTION, _) => Some(ApiError::method("GET")),
        _ => Some(ApiError::new(Code::RouteNotFound, "there is no such path")),
    };
    if let Some(error) = refused {
        return answer::<()>(&request_id(ports), Err(error));
    }
    Answer { status: 200, headers: vec![("content-type", "application/json".to_owned())], body: DOCUMENT.into() }
}
