//! The two ways to use reqwest.

use ::reqwest::{Client, Request};
use otel_middleware_reqwest::{ClientConfig, OtelLayer, OtelMiddleware};
use reqwest_middleware::ClientBuilder;
use tower::{Layer, ServiceExt};

use crate::contract::client::{Answer, ClientApp};

/// reqwest-middleware with [`OtelMiddleware`].
#[derive(Clone, Copy, Debug)]
pub struct Middleware;

impl ClientApp for Middleware {
    type Client = reqwest_middleware::ClientWithMiddleware;

    fn client(&self, config: ClientConfig, client: Client) -> Self::Client {
        let middleware = OtelMiddleware::with_config(config);
        ClientBuilder::new(client).with(middleware).build()
    }

    async fn send(client: Self::Client, request: Request) -> Answer {
        client.execute(request).await.map_err(Into::into)
    }
}

/// `reqwest::Client` as a tower service, with [`OtelLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Tower;

impl ClientApp for Tower {
    type Client = otel_middleware_reqwest::OtelClient<Client>;

    fn client(&self, config: ClientConfig, client: Client) -> Self::Client {
        OtelLayer::with_config(config).layer(client)
    }

    async fn send(client: Self::Client, request: Request) -> Answer {
        client.oneshot(request).await.map_err(Into::into)
    }
}
