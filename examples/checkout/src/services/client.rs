//! The HTTP client of the services: reqwest with the middleware that makes client spans.

use std::net::SocketAddr;

use anyhow::Result;
use axum::http::{Method, StatusCode};
use otel_middleware_reqwest::{OtelMiddleware, UrlTemplate};
use reqwest::Response;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, RequestBuilder};

use super::failure::Failure;
use super::messages::Problem;

/// One service, as another one calls it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: ClientWithMiddleware,
    address: SocketAddr,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Result<Self> {
        // The services are on loopback; a proxy from the environment would not find them.
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            http: ClientBuilder::new(http).with(OtelMiddleware::new()).build(),
            address,
        })
    }

    pub(super) fn post(&self, path: &'static str) -> RequestBuilder {
        self.request(Method::POST, path, path)
    }

    pub(super) fn delete(&self, template: &'static str, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, template, path)
    }

    /// The template names the span; without it all calls with one method have the same name.
    fn request(&self, method: Method, template: &'static str, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.address))
            .with_extension(UrlTemplate(template.into()))
    }
}

/// The answer, if it is a success. What the customer did wrong is for the customer to know; any
/// other failure is between the services.
pub(super) async fn accepted(call: RequestBuilder) -> Result<Response, Failure> {
    let answer = call.send().await?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let reason = answer.json::<Problem>().await.map(|problem| problem.error);
    let reason = reason.unwrap_or_else(|_| status.to_string());
    Err(match status {
        StatusCode::PAYMENT_REQUIRED | StatusCode::CONFLICT => Failure::new(status, reason),
        _ => Failure::new(StatusCode::BAD_GATEWAY, reason),
    })
}
