//! The clients of the services. Each gets its client spans by one line: a middleware in reqwest, a
//! layer around tonic's channel.

use std::time::Duration;

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
use super::peer::Peer;

/// A client of a service that speaks HTTP.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: ClientWithMiddleware,
    peer: Peer,
}

impl Client {
    pub(super) fn new(peer: Peer) -> Result<Self> {
        // The services are local; a proxy from the environment would not find them.
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .build()?;
        Ok(Self {
            http: ClientBuilder::new(http).with(OtelMiddleware::new()).build(),
            peer,
        })
    }

    pub(super) fn post(&self, path: &'static str) -> RequestBuilder {
        self.http
            .post(format!("http://{}{path}", self.peer))
            // Names the span. Without it, all calls with the same method have the same name.
            .with_extension(UrlTemplate(path.into()))
    }
}

/// A client of the inventory; connects with the first call.
pub(super) type Inventory = InventoryClient<OtelClientService<Channel>>;

pub(super) fn inventory(peer: &Peer) -> Result<Inventory> {
    let endpoint = Endpoint::from_shared(format!("http://{peer}"))?;
    let channel = ServiceBuilder::new()
        .layer(OtelClientLayer::for_endpoint(&endpoint))
        .service(endpoint.connect_lazy());
    Ok(InventoryClient::new(channel))
}

/// Returns whether the call succeeded. A mistake of the customer is passed on to the customer; any
/// other failure stays between the services.
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

/// How long a connection is kept for the next request. It is shorter than [`KEEP_ALIVE`]: otherwise
/// the client might send a request while the server is closing the connection. A payment lost in
/// this way cannot be sent again, because it may have been made.
///
/// [`KEEP_ALIVE`]: super::server::KEEP_ALIVE
pub(super) const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::services::server::KEEP_ALIVE;

    const _: () = assert!(2 * POOL_IDLE_TIMEOUT.as_secs() < KEEP_ALIVE.as_secs());

    /// Accepts a connection, answers one request without a body, and returns the connection.
    async fn answer(listener: &TcpListener) -> BufReader<tokio::net::TcpStream> {
        let (connection, _) = listener.accept().await.unwrap();
        let mut connection = BufReader::new(connection);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            connection.read_line(&mut line).await.unwrap();
        }
        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        connection.write_all(answer).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn client_closes_an_idle_connection_before_the_server_does() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(listener.local_addr().unwrap().into()).unwrap();
        let first = tokio::spawn(accepted(client.post("/payments")));
        let mut connection = answer(&listener).await;
        let answered = Instant::now();
        assert!(first.await.unwrap().is_ok());

        let mut rest = Vec::new();
        let closed = connection.read_to_end(&mut rest);
        timeout(KEEP_ALIVE, closed).await.unwrap().unwrap();
        assert_eq!(rest, b"");
        assert!(answered.elapsed() >= POOL_IDLE_TIMEOUT);

        let second = tokio::spawn(accepted(client.post("/payments")));
        answer(&listener).await;
        assert!(second.await.unwrap().is_ok());
    }
}
