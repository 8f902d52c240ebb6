//! The HTTP client under both protocols.

use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioTimer;

#[cfg(feature = "tls")]
pub(crate) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
pub(crate) type Connector = HttpConnector;

/// Connections to an endpoint whose scheme is `http`.
pub(crate) fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEP_ALIVE));
    connector
}

pub(super) fn client<B>(connector: Connector, is_http2: bool) -> Client<Connector, B>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .http2_only(is_http2)
        .build(connector)
}

/// TCP keep-alive, which detects a vanished peer or a NAT that has forgotten the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Metrics are exported once a minute.
const IDLE: Duration = Duration::from_secs(90);
