//! How a call is answered: with what it asked for, with why not, or with what failed inside, which is only logged.

use serde::Serialize;

use crate::error::{ApiError, Code};
use crate::fold::FoldError;
use crate::http::{Answer, Request, answer};
use crate::ingest::request_id;
use crate::ports::{Log, Random};

/// Why a call was not answered.
pub enum Failure {
    /// It asks for what can not be.
    Refused(ApiError),
    /// Something failed that is not the client's fault.
    Inside(FoldError),
}

impl Failure {
    /// There is no such path.
    pub fn no_path() -> Self {
        Self::Refused(ApiError::new(Code::RouteNotFound, "there is no such path"))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl<E: Into<FoldError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Inside(error.into())
    }
}

/// The answer to a request. What failed inside is logged, and not told.
pub fn answered<T: Serialize>(ports: &(impl Random + Log), request: &Request, result: Result<T, Failure>) -> Answer {
    let request_id = request_id(ports);
    let result = result.map_err(|failure| match failure {
        Failure::Refused(error) => error,
        Failure::Inside(error) => {
            let (path, error) = (&request.path, error.to_string());
            ports.line(&format!(
                "level=error msg=\"not answered\" path={path} request={request_id} status=500 error={error:?}"
            ));
            ApiError::internal()
        }
    });
    answer(&request_id, result)
}
