//! Requests that have no answer. Only the loopback interface is ever contacted.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::SpanKind;
use otel_instrumentation::ClientConfig;
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Client, Method, Request, Url};
use tokio::net::{TcpListener, TcpSocket};

use super::{ClientApp, Expected, Running};
use crate::observed::spans_of;

/// Enough for a connection within the machine, and short enough for a test to wait.
const SOON: Duration = Duration::from_millis(50);

/// Sends a request that fails, and returns reqwest's own error.
async fn fail<A: ClientApp>(
    running: &Running<A>,
    request: Request,
) -> Box<dyn Error + Send + Sync> {
    running.send(request).await.expect_err("no answer")
}

fn to(server: &str) -> Request {
    let url = format!("http://{server}/success");
    Request::new(Method::GET, Url::parse(&url).expect("a URL"))
}

/// HC-15, HC-27, HC-28
pub async fn a_refused_connection_is_an_error(app: &impl ClientApp) {
    let running = Running::start(app).await;
    // The port is bound, so that nobody else has it, but nothing listens.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a free port");
    let address = socket.local_addr().expect("its address");
    fail(&running, to(&address.to_string())).await;
    let expected = Expected {
        server: Some(("127.0.0.1", Some(address.port()))),
        ..Expected::failed("/success", "connect")
    };
    running.expect(&expected).await;
}

/// A resolver that answers with an error, or never.
struct Resolver(Option<&'static str>);

impl Resolve for Resolver {
    fn resolve(&self, _: Name) -> Resolving {
        let message = self.0;
        Box::pin(async move {
            match message {
                Some(message) => Err(io::Error::other(message).into()),
                None => std::future::pending().await,
            }
        })
    }
}

fn unchanged(config: ClientConfig) -> ClientConfig {
    config
}

/// HC-27
pub async fn a_failed_resolution_is_an_error(app: &impl ClientApp) {
    let resolver = Arc::new(Resolver(Some("no such name")));
    let client = Client::builder()
        .dns_resolver(resolver)
        .build()
        .expect("a client");
    let running = Running::with(app, unchanged, client).await;
    fail(&running, to("shop.test:8080")).await;
    let expected = Expected {
        server: Some(("shop.test", Some(8080))),
        ..Expected::failed("/success", "dns")
    };
    running.expect(&expected).await;
}

/// HC-16
pub async fn a_timeout_while_connecting_is_an_error(app: &impl ClientApp) {
    let client = Client::builder()
        .dns_resolver(Arc::new(Resolver(None)))
        .connect_timeout(SOON)
        .build()
        .expect("a client");
    let running = Running::with(app, unchanged, client).await;
    fail(&running, to("shop.test:8080")).await;
    let expected = Expected {
        server: Some(("shop.test", Some(8080))),
        ..Expected::failed("/success", "timeout")
    };
    running.expect(&expected).await;
}

/// HC-17
pub async fn a_timeout_before_the_head_is_an_error(app: &impl ClientApp) {
    let limits: [fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder; 2] = [
        |client| client.timeout(SOON),
        |client| client.read_timeout(SOON),
    ];
    for limit in limits {
        let client = limit(Client::builder()).build().expect("a client");
        let running = Running::with(app, unchanged, client).await;
        fail(&running, running.request(Method::GET, "/hang")).await;
        running.expect(&Expected::failed("/hang", "timeout")).await;
    }
}

/// HC-09
pub async fn too_many_redirects_are_an_error(app: &impl ClientApp) {
    let running = Running::start(app).await;
    fail(&running, running.request(Method::GET, "/circular-redirect")).await;
    running
        .expect(&Expected::failed("/circular-redirect", "redirect"))
        .await;
}

/// What is not HTTP cannot even be sent.
pub async fn a_url_that_cannot_be_requested_is_an_error(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let request = Request::new(
        Method::GET,
        Url::parse("ftp://127.0.0.1:2121/x").expect("a URL"),
    );
    fail(&running, request).await;
    let spans = spans_of(&running.capture, SpanKind::Client, 1).await;
    let error = spans[0]
        .attributes
        .iter()
        .find(|it| it.key.as_str() == "error.type");
    assert_eq!(error.expect("an error").value, "builder".into());
}

/// HC-29: the caller's own body fails, and the cause is still found.
pub async fn a_request_body_that_breaks_is_an_error(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let broken = futures_util::stream::once(async { Err::<Vec<u8>, _>(io::Error::other("empty")) });
    let mut request = running.request(Method::POST, "/echo");
    *request.body_mut() = Some(reqwest::Body::wrap_stream(broken));
    let mut error: &dyn Error = &*fail(&running, request).await;
    while let Some(source) = error.source() {
        error = source;
    }
    assert_eq!(error.to_string(), "empty");
    let expected = Expected {
        name: "POST",
        method: "POST",
        ..Expected::failed("/echo", "request")
    };
    running.expect(&expected).await;
}

/// A server that reads the request and closes.
pub async fn a_connection_that_breaks_before_the_head_is_an_error(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.readable().await.expect("a request");
        }
    });
    fail(&running, to(&address.to_string())).await;
    let expected = Expected {
        server: Some(("127.0.0.1", Some(address.port()))),
        ..Expected::failed("/success", "request")
    };
    running.expect(&expected).await;
}
