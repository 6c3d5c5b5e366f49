//! The protocol's errors: what the client sees.
//!
//! Every refusal is `{"request_id": …, "error": {"code": …, "message": …}}`. The code decides; the HTTP status follows
//! from it by the table of Flashduty's Open API. What only the log may see never enters an [`ApiError`].

/// The protocol's error codes that Alarum uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A parameter is missing or not valid.
    InvalidParameter,
    /// The content type is not JSON.
    InvalidContentType,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// The app key is missing or wrong.
    Unauthorized,
    /// The key is known and may not do this now.
    AccessDenied,
    /// No such path.
    RouteNotFound,
    /// The body is larger than the limit.
    EntityTooLarge,
    /// What the request refers to does not exist.
    ResourceNotFound,
    /// More requests than the integration takes; try again later.
    RequestTooFrequently,
    /// The same, for a sender that gives up at a 429: a 503 to the HTTP client, the same code to whoever reads it.
    RequestDelayed,
    /// Alarum cannot store or read now; the sender should try again.
    InternalError,
    /// Alarum has no valid configuration.
    ServiceUnavailable,
}

impl Code {
    /// The code's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidParameter => "InvalidParameter",
            Self::InvalidContentType => "InvalidContentType",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::Unauthorized => "Unauthorized",
            Self::AccessDenied => "AccessDenied",
            Self::RouteNotFound => "RouteNotFound",
            Self::EntityTooLarge => "EntityTooLarge",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::RequestTooFrequently | Self::RequestDelayed => "RequestTooFrequently",
            Self::InternalError => "InternalError",
            Self::ServiceUnavailable => "ServiceUnavailable",
        }
    }

    /// The code with this name, of those that a question can be refused with.
    pub fn named(name: &str) -> Option<Self> {
        let codes = [Self::InvalidParameter, Self::AccessDenied, Self::ResourceNotFound, Self::EntityTooLarge];
        codes.into_iter().find(|code| code.name() == name)
    }

    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            // A missing thing is 400, not 404: the protocol keeps 404 for unknown paths.
            Self::InvalidParameter | Self::InvalidContentType | Self::ResourceNotFound => 400,
            Self::Unauthorized => 401,
            Self::AccessDenied => 403,
            Self::RouteNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::EntityTooLarge => 413,
            Self::RequestTooFrequently => 429,
            Self::InternalError => 500,
            Self::RequestDelayed | Self::ServiceUnavailable => 503,
        }
    }
}

/// A refusal, as the client sees it. The message names the field and the value's problem, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct ApiError {
    /// The protocol's code.
    pub code: Code,
    /// The text for the client.
    pub message: String,
    /// The method that the path takes, where that was the problem.
    pub allow: Option<&'static str>,
    /// After how many seconds to try again, where that is known.
    pub retry_after_s: Option<u64>,
}

impl ApiError {
    /// A refusal with this code and text.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), allow: None, retry_after_s: None }
    }

    /// `MethodNotAllowed` on a path that takes `method`.
    pub fn method(method: &'static str) -> Self {
        Self { allow: Some(method), ..Self::new(Code::MethodNotAllowed, format!("use {method} for this path")) }
    }

    /// `InvalidParameter` for `field`.
    pub fn invalid(field: &str, problem: &str) -> Self {
        Self::new(Code::InvalidParameter, format!("{field}: {problem}"))
    }

    /// Too many requests: to be sent again after so many seconds.
    pub fn too_frequent(code: Code, retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(code, "Request too frequently.") }
    }

    /// What a client sees of a failure inside: nothing but that it may try again.
    pub fn internal() -> Self {
        Self::new(Code::InternalError, "We encountered an internal error. Please try again later.")
    }
}
