//! Serves a service, with the one line for its telemetry: a layer on axum's router and on tonic's
//! server, a middleware around actix's application.

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

use super::announcer::Announcer;
#[cfg(feature = "kafka")]
use super::consumer::Consumer;

/// A service that is ready to serve, in its framework.
#[derive(Debug)]
pub(super) enum Server {
    Axum(Router),
    /// Its announcements are sent before it ends.
    Announcing(Router, Announcer),
    /// Also consumes messages.
    #[cfg(feature = "kafka")]
    Consuming(Router, Box<Consumer>),
    Actix(fn(&mut ServiceConfig)),
    Tonic(Routes),
}

impl Server {
    /// Returns when messages sent from now on cannot be missed.
    pub(super) async fn ready(&mut self) -> Result<()> {
        match self {
            #[cfg(feature = "kafka")]
            Self::Consuming(_, consumer) => consumer.ready().await,
            _ => Ok(()),
        }
    }

    /// Accepts requests until `stop`, and returns when the running ones have been answered.
    pub(super) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Clone + Send + 'static,
    ) -> Result<()> {
        match self {
            Self::Axum(router) => serve(router, listener, stop).await?,
            Self::Announcing(router, announcer) => {
                serve(router, listener, stop).await?;
                announcer.finish().await?;
            }
            #[cfg(feature = "kafka")]
            Self::Consuming(router, consumer) => {
                let requests = serve(router, listener, stop.clone());
                tokio::try_join!(requests, consumer.run(stop))?;
            }
            Self::Actix(routes) => {
                let app = move || App::new().configure(routes).wrap(OtelMiddleware::new());
                // The parent decides when a service ends, not a signal.
                let server = HttpServer::new(app)
                    .workers(1)
                    .keep_alive(KEEP_ALIVE)
                    .disable_signals();
                let server = server.listen(listener.into_std()?)?.run();
                let handle = server.handle();
                // Not `shutdown_signal`: actix would then wait longer than necessary before it
                // returns.
                tokio::spawn(async move {
                    stop.await;
                    handle.stop(true).await;
                });
                server.await?;
            }
            Self::Tonic(routes) => {
                // The messages of a stream are small, and each one should be sent at once.
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

async fn serve(
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let app = router.layer(OtelLayer::new());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stop);
    Ok(server.await?)
}

/// How long payment keeps an idle connection open. It is longer than [`POOL_IDLE_TIMEOUT`]:
/// otherwise a client might send a request while the server is closing the connection, and the
/// request would fail unread.
///
/// [`POOL_IDLE_TIMEOUT`]: super::client::POOL_IDLE_TIMEOUT
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);
