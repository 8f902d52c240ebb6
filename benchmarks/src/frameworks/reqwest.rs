//! reqwest through reqwest-middleware: a client whose answers are canned.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Client, Request, Response};
use reqwest_middleware::{
    ClientBuilder, ClientWithMiddleware, Middleware, Next, RequestBuilder, Result,
};
use reqwest_tracing::TracingMiddleware;

use crate::column::{self, Column, FLOOR, Kind};
use crate::floor::Handles;
use crate::floor::reqwest::Floor;
use crate::sdk;
use crate::setup::Setup;

/// The columns of reqwest.
pub const COLUMNS: &[Column] = &[
    column("bare", Kind::Nothing, |setup| drive(client(), setup)),
    column("a middleware that does nothing", Kind::Nothing, |setup| {
        drive(client().with(Untouched), setup)
    }),
    column(FLOOR, Kind::Floor, |setup| {
        let floor = Floor(Handles::new(setup, "http.client.request.duration"));
        drive(client().with(floor), setup)
    }),
    column("otel-middleware-reqwest", Kind::Ours, |setup| {
        drive(
            client().with(otel_middleware_reqwest::OtelMiddleware::new()),
            setup,
        )
    }),
    column(
        "otel-middleware-reqwest, beside the SDK's propagator",
        Kind::OursWithPropagator,
        |setup| {
            drive(
                client().with(otel_middleware_reqwest::OtelMiddleware::new()),
                setup,
            )
        },
    ),
    column("reqwest-tracing", Kind::TracingBefore, |setup| {
        drive(client().with(TracingMiddleware::default()), setup)
    }),
];

const fn column(name: &'static str, kind: Kind, subject: fn(Setup) -> column::Request) -> Column {
    Column {
        framework: "reqwest",
        name,
        kind,
        subject,
    }
}

/// A client without middlewares.
pub fn client() -> ClientBuilder {
    ClientBuilder::new(Client::new())
}

/// The caller's context is the current one of the thread, as in a handler that makes a call.
fn drive(client: ClientBuilder, setup: Setup) -> column::Request {
    sdk::v0_33::attach_caller(setup);
    sdk::v0_32::attach_caller(setup);
    let client = canned(client);
    Box::new(move || futures_executor::block_on(call(get(&client))))
}

/// The client, with canned answers instead of the network.
pub fn canned(client: ClientBuilder) -> ClientWithMiddleware {
    client.with(Canned).build()
}

/// The request of this framework.
pub fn get(client: &ClientWithMiddleware) -> RequestBuilder {
    let request = client.get("http://shop.example:8080/orders/42");
    request.header("accept", "*/*")
}

/// Sends a request and reads its answer.
pub async fn call(request: RequestBuilder) {
    let length = match request.send().await {
        Ok(response) => response.bytes().await.map_or(0, |body| body.len()),
        Err(_) => 0,
    };
    assert_eq!(length, BODY.len());
}

const BODY: &str = "{\"id\":\"42\"}";

/// Answers instead of the network.
struct Canned;

#[async_trait]
impl Middleware for Canned {
    async fn handle(&self, _: Request, _: &mut Extensions, _: Next<'_>) -> Result<Response> {
        Ok(http::Response::new(BODY).into())
    }
}

/// The cost of any middleware: its future is boxed.
struct Untouched;

#[async_trait]
impl Middleware for Untouched {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        next.run(request, extensions).await
    }
}
