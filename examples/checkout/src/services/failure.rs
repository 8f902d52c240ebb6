//! A service's answer when it cannot do what was requested.

use std::fmt;

use actix_web::error::BlockingError;
use actix_web::http::StatusCode as ActixStatusCode;
use actix_web::{HttpResponse, ResponseError};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use otel_middleware_axum::ErrorType;
use tonic::{Code, Status};

use super::messages::Problem;

#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    error_type: Option<&'static str>,
    message: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            error_type: None,
            message: message.into(),
        }
    }

    /// Makes the server span an error of this type; a status below 500 alone does not.
    pub(super) fn with_error_type(mut self, error_type: &'static str) -> Self {
        self.error_type = Some(error_type);
        self
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem {
            error: self.message,
        };
        let mut response = (self.status, Json(problem)).into_response();
        if let Some(error_type) = self.error_type {
            response.extensions_mut().insert(ErrorType(error_type));
        }
        response
    }
}

/// The actix middleware uses this as the description of the span's status.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl ResponseError for Failure {
    /// actix uses an older version of `http`, with different types.
    fn status_code(&self) -> ActixStatusCode {
        let status = ActixStatusCode::from_u16(self.status.as_u16());
        status.unwrap_or(ActixStatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code()).json(Problem {
            error: self.message.clone(),
        });
        if let Some(error_type) = self.error_type {
            response.extensions_mut().insert(ErrorType(error_type));
        }
        response
    }
}

/// The called service is not there, or its answer cannot be read.
impl From<reqwest_middleware::Error> for Failure {
    fn from(error: reqwest_middleware::Error) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, error.to_string())
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, error.to_string())
    }
}

/// The status from a gRPC service, or from its client if there was no answer. As in
/// [`accepted`](super::client::accepted), only a mistake of the customer is passed on to the
/// customer.
impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let answer = match status.code() {
            Code::FailedPrecondition => StatusCode::CONFLICT,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(answer, status.message())
    }
}

impl From<BlockingError> for Failure {
    fn from(error: BlockingError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}
