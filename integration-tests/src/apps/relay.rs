//! A service in the middle, set up as the READMEs say: with global providers and the defaults. Only
//! for tests with a process of their own.

use std::net::SocketAddr;

use ::axum::Router;
use ::axum::extract::State;
use ::axum::routing::get;
use ::reqwest::{Client, Method, Request, Url};
use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use otel_middleware_axum::OtelLayer;
use otel_middleware_reqwest::{OtelClient, OtelLayer as ClientLayer, OtelMiddleware};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tower::{Layer, ServiceExt};

use super::axum::serve;
use super::peer::Peer;
use crate::contract::server::{Served, request};
use crate::wire::exchange;

/// Calls a [`Peer`] for each request, through either form of the reqwest middleware.
#[derive(Debug)]
pub struct Relay {
    served: Served,
    peer: Peer,
}

#[derive(Clone)]
struct Clients {
    peer: SocketAddr,
    middleware: ClientWithMiddleware,
    tower: OtelClient<Client>,
}

impl Relay {
    /// Starts to serve on a free port of the loopback interface.
    pub async fn start() -> Self {
        let peer = Peer::start().await;
        let clients = Clients {
            peer: peer.address(),
            middleware: ClientBuilder::new(Client::new())
                .with(OtelMiddleware::new())
                .build(),
            tower: ClientLayer::new().layer(Client::new()),
        };
        let app = Router::new()
            .route("/relay", get(relay))
            .layer(OtelLayer::new())
            .with_state(clients);
        Self {
            served: serve(app).await,
            peer,
        }
    }

    /// Sends a request with these headers. Returns the headers that the peer received, in turn
    /// through reqwest-middleware and through tower.
    pub async fn ask(&self, headers: &[&str]) -> [HeaderMap; 2] {
        let before = self.peer.asked().len();
        let (_, answer) = exchange(self.served.address(), request("GET /relay", headers)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let asked = self.peer.asked().split_off(before);
        asked.try_into().expect("two requests")
    }

    /// Stops. Nothing is recorded afterwards.
    pub async fn stop(self) {
        self.served.stop().await;
    }
}

/// Answers with the span that the handler sees.
async fn relay(State(clients): State<Clients>) -> String {
    let url = format!("http://{}/success", clients.peer);
    let request = || Request::new(Method::GET, Url::parse(&url).expect("a URL"));
    clients
        .middleware
        .execute(request())
        .await
        .expect("an answer");
    clients.tower.oneshot(request()).await.expect("an answer");
    Context::current()
        .span()
        .span_context()
        .span_id()
        .to_string()
}
