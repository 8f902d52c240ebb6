//! The clients of the services, each with one line that makes client spans: a middleware in
//! reqwest, a layer around tonic's channel.

use std::net::SocketAddr;

use anyhow::Result;
use axum::http::StatusCode;
use otel_middleware_reqwest::{OtelMiddleware, UrlTemplate};
use otel_middleware_tonic::{OtelClientLayer, OtelClientService};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, RequestBuilder};
use tonic::transport::{Channel, Endpoint};
use tower::ServiceBuilder;

use super::failure::Failure;
use super::inventory_api::inventory_client::InventoryClient;
use super::messages::Problem;

/// A service that speaks HTTP, as another one calls it.
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
        self.http
            .post(format!("http://{}{path}", self.address))
            // It names the span; without it all calls with one method have the same name.
            .with_extension(UrlTemplate(path.into()))
    }
}

/// The inventory, as another service calls it; connects with the first call.
pub(super) type Inventory = InventoryClient<OtelClientService<Channel>>;

pub(super) fn inventory(address: SocketAddr) -> Result<Inventory> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let channel = ServiceBuilder::new()
        .layer(OtelClientLayer::for_endpoint(&endpoint))
        .service(endpoint.connect_lazy());
    Ok(InventoryClient::new(channel))
}

/// Whether the call was a success. What the customer did wrong is for the customer to know; any
/// other failure is between the services.
pub(super) async fn accepted(call: RequestBuilder) -> Result<(), Failure> {
    let answer = call.send().await?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let reason = answer.json::<Problem>().await.map(|problem| problem.error);
    let reason = reason.unwrap_or_else(|_| status.to_string());
    Err(match status {
        StatusCode::PAYMENT_REQUIRED => Failure::new(status, reason),
        _ => Failure::new(StatusCode::BAD_GATEWAY, reason),
    })
}
