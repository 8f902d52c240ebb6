//! A client of `http` requests, behind the layer for such clients.
//!
//! It is built on reqwest, which the contract uses to talk to its peers. The layer does not see
//! that: it gets `http` requests, and returns `http` responses or boxed errors.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::reqwest::{Body, Client, Request};
use otel_instrumentation::tower::{ClientLayer, ClientService};
use otel_instrumentation::{ClientConfig, instrumentation_scope};
use tower::{BoxError, Layer, Service, ServiceExt};

use crate::contract::client::{Answer, ClientApp};

/// Any `Service<http::Request<_>>`, with [`ClientLayer`].
#[derive(Clone, Copy, Debug)]
pub struct HttpClient;

impl ClientApp for HttpClient {
    type Client = ClientService<Sender>;

    fn client(&self, config: ClientConfig, client: Client) -> Self::Client {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        ClientLayer::new(scope, config).layer(Sender(client))
    }

    async fn send(client: Self::Client, request: Request) -> Answer {
        let request = http::Request::<Body>::try_from(request)?;
        let response = client.oneshot(request).await?;
        Ok(response.map(Body::wrap).into())
    }
}

/// Sends `http` requests.
#[derive(Clone, Debug)]
pub struct Sender(Client);

impl Service<http::Request<Body>> for Sender {
    type Response = http::Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let response = client.execute(request.try_into()?).await?;
            Ok(response.into())
        })
    }
}
