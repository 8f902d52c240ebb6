//! How a service is served, and the one line that makes its telemetry: a layer on axum's router,
//! a middleware around actix's application.

use std::net::SocketAddr;

use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use anyhow::Result;
use axum::Router;
use otel_middleware_actix::OtelMiddleware;
use otel_middleware_axum::OtelLayer;
use tokio::net::TcpListener;

/// A service that is ready to answer, in the framework that it is written for.
#[derive(Debug)]
pub(super) enum Server {
    Axum(Router),
    Actix(fn(&mut ServiceConfig)),
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
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.listen(listener.into_std()?)?.run();
                let handle = server.handle();
                // Not `shutdown_signal`: after that, actix waits without need before it returns.
                tokio::spawn(async move {
                    stop.await;
                    handle.stop(true).await;
                });
                server.await?;
            }
        }
        Ok(())
    }
}
