//! How a service is served, and the one line that makes its telemetry: a layer on axum's router
//! and on tonic's server, a middleware around actix's application.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use anyhow::Result;
use axum::Router;
use otel_middleware_actix::OtelMiddleware;
use otel_middleware_axum::OtelLayer;
use otel_middleware_tonic::OtelServerLayer;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;

/// A service that is ready to answer, in the framework that it is written for.
#[derive(Debug)]
pub(super) enum Server {
    Axum(Router),
    Actix(fn(&mut ServiceConfig)),
    Tonic(Routes),
}

impl Server {
    /// Accepts requests until `stop`, and returns when those under way have been answered.
    pub(super) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        match self {
            Self::Axum(router) => {
                let app = router.layer(OtelLayer::new());
                let app = app.into_make_service_with_connect_info::<SocketAddr>();
                axum::serve(listener, app)
                    .with_graceful_shutdown(stop)
                    .await?;
            }
            Self::Actix(routes) => {
                let app = move || App::new().configure(routes).wrap(OtelMiddleware::new());
                // It is the parent who decides when a service ends, not a signal.
                let server = HttpServer::new(app)
                    .workers(1)
                    .keep_alive(KEEP_ALIVE)
                    .disable_signals();
                let server = server.listen(listener.into_std()?)?.run();
                let handle = server.handle();
                // Not `shutdown_signal`: after that, actix waits without need before it returns.
                tokio::spawn(async move {
                    stop.await;
                    handle.stop(true).await;
                });
                server.await?;
            }
            Self::Tonic(routes) => {
                // The messages of a stream are small, and each shall go out at once.
                let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
                tonic::transport::Server::builder()
                    .layer(OtelServerLayer::new())
                    .add_routes(routes)
                    .serve_with_incoming_shutdown(incoming, stop)
                    .await?;
            }
        }
        Ok(())
    }
}

/// How long payment leaves an idle connection open. Longer than [`POOL_IDLE_TIMEOUT`]: otherwise
/// a request may be sent just when the server closes, and fails without having been read.
///
/// [`POOL_IDLE_TIMEOUT`]: super::client::POOL_IDLE_TIMEOUT
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);
