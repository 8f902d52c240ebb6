//! The application in actix-web.

use std::fmt;
use std::io;
use std::net::TcpListener;

use ::actix_web::body::{MessageBody, SizedStream};
use ::actix_web::dev::{Server, Service, ServiceRequest, ServiceResponse};
use ::actix_web::error::ErrorForbidden;
use ::actix_web::http::StatusCode;
use ::actix_web::http::header::{CONTENT_TYPE, LOCATION};
use ::actix_web::middleware::{Next, from_fn};
use ::actix_web::web::{self, Bytes, Data, Path, Payload, ServiceConfig};
use ::actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, ResponseError, Route, guard};
use futures_util::{Stream, StreamExt};
use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use otel_instrumentation::ErrorType;
use otel_middleware_actix::{OtelMiddleware, ServerConfig};

use super::{Controller, bodies};
use crate::contract::server::{Differences, InnerApp, Served, ServerApp};

/// actix-web with [`OtelMiddleware`] around its application.
#[derive(Clone, Copy, Debug)]
pub struct Actix;

impl ServerApp for Actix {
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        let middleware = OtelMiddleware::with_config(config);
        serve(|listener| {
            let app = move || {
                App::new()
                    .wrap(from_fn(guarded))
                    .wrap(middleware.clone())
                    .configure(routes(controller.clone()))
            };
            let server = HttpServer::new(app).workers(1).disable_signals();
            // actix closes a connection whose client has closed its side, although the client may
            // wait for an answer.
            let server = server.h1_allow_half_closed(false);
            server.listen_auto_h2c(listener).map(HttpServer::run)
        })
    }

    /// The method is a guard of the resource, so another method has no resource. Errors have a
    /// message.
    fn differences(&self) -> Differences {
        Differences {
            odd_method: (404, None),
            handler_error_message: "failed",
            body_error_message: "the source dried up",
        }
    }
}

impl InnerApp for Actix {
    async fn serve_within(
        &self,
        context: Context,
        config: ServerConfig,
        controller: Controller,
    ) -> Served {
        let middleware = OtelMiddleware::with_config(config);
        serve(|listener| {
            let app = move || {
                let context = context.clone();
                App::new()
                    .wrap(from_fn(guarded))
                    .wrap(middleware.clone())
                    .wrap_fn(move |request, service| {
                        let _attached = context.clone().attach();
                        service.call(request).with_context(context.clone())
                    })
                    .configure(routes(controller.clone()))
            };
            let server = HttpServer::new(app).workers(1).disable_signals();
            server.listen(listener).map(HttpServer::run)
        })
    }
}

/// An application in which a test chooses the place of the middleware; see `actix_app!`.
#[derive(Clone, Copy, Debug)]
pub struct Applied<F>(pub F);

impl<F> ServerApp for Applied<F>
where
    F: Fn(OtelMiddleware, Controller, TcpListener) -> io::Result<Server> + Sync,
{
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        let otel = OtelMiddleware::with_config(config);
        serve(|listener| self.0(otel, controller, listener))
    }

    fn differences(&self) -> Differences {
        Actix.differences()
    }
}

/// An [`Applied`] application: `actix_app!(|otel, controller| App::new().wrap(otel)…)`.
///
/// A macro, because every middleware changes the type of the application.
#[macro_export]
macro_rules! actix_app {
    (|$otel:ident, $controller:ident| $app:expr) => {
        $crate::apps::actix::Applied(
            |$otel: ::otel_middleware_actix::OtelMiddleware,
             $controller: $crate::apps::Controller,
             listener: ::std::net::TcpListener| {
                let app = move || {
                    let ($otel, $controller) = ($otel.clone(), $controller.clone());
                    $app
                };
                ::actix_web::HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .listen_auto_h2c(listener)
                    .map(::actix_web::HttpServer::run)
            },
        )
    };
}

/// Serves any application on a free port of the loopback interface.
pub fn serve(run: impl FnOnce(TcpListener) -> io::Result<Server>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let server = run(listener).expect("a server");
    let handle = server.handle();
    let running = tokio::spawn(server);
    Served::new(address, async move {
        handle.stop(true).await;
        running.await.expect("no panic").expect("a graceful end");
    })
}

/// The routes, without the middleware.
pub fn routes(controller: Controller) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(Data::new(controller))
            .route("/success", get_or_head().to(success))
            .route("/redirect", web::get().to(redirect))
            .route("/client-error", web::get().to(client_error))
            .route("/error-status", web::get().to(error_status))
            .route("/handler-error", web::get().to(handler_error))
            .route("/exception", web::get().to(exception))
            .route("/declined", web::get().to(declined))
            .route("/captureHeaders", web::get().to(capture_headers))
            .route("/query", web::get().to(query))
            .route("/path/{id}/param", web::get().to(param))
            .service(web::scope("/nested").route("/users/{id}", web::get().to(param)))
            .route("/child", web::get().to(child))
            .route("/context", web::get().to(context))
            .route("/echo", web::post().to(echo))
            .route("/empty", web::get().to(HttpResponse::Ok))
            .route("/no-content", web::get().to(HttpResponse::NoContent))
            .route("/not-modified", web::get().to(HttpResponse::NotModified))
            .route("/known-length", web::get().to(known_length))
            .route("/short", web::get().to(short))
            .route("/chunks", get_or_head().to(chunks))
            .route("/events", web::get().to(events))
            .route("/endless", web::get().to(endless))
            .route("/broken", web::get().to(broken))
            .route("/late", web::get().to(late))
            .route("/upgrade", web::get().to(upgrade))
            .route("/spawn", web::get().to(spawn))
            .route("/hang", web::get().to(hang))
            .route("/guarded", web::get().to(success));
    }
}

/// actix handles `HEAD` only if it is told to.
fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn guarded(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match request.path() {
        "/guarded" => Err(ErrorForbidden("guarded")),
        _ => next.call(request).await,
    }
}

async fn success(controller: Data<Controller>) -> &'static str {
    controller.handle(|| "success")
}

async fn redirect(controller: Data<Controller>) -> HttpResponse {
    controller.handle(|| {
        HttpResponse::Found()
            .insert_header((LOCATION, "/redirected"))
            .finish()
    })
}

async fn client_error(controller: Data<Controller>) -> HttpResponse {
    controller.handle(|| HttpResponse::BadRequest().body("bad request"))
}

async fn error_status(controller: Data<Controller>) -> HttpResponse {
    controller.handle(|| HttpResponse::InternalServerError().body("controller error"))
}

/// An error of the application, which makes its own response.
#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("failed")
    }
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

async fn handler_error(controller: Data<Controller>) -> Result<&'static str, Failed> {
    controller.handle(|| Err(Failed))
}

async fn exception(controller: Data<Controller>) -> &'static str {
    controller.handle(|| panic!("controller exception"))
}

async fn declined(controller: Data<Controller>) -> HttpResponse {
    controller.handle(|| {
        let mut response = HttpResponse::PaymentRequired().finish();
        response.extensions_mut().insert(ErrorType("card_declined"));
        response
    })
}

async fn capture_headers(controller: Data<Controller>, request: HttpRequest) -> HttpResponse {
    controller.handle(|| {
        let mut response = HttpResponse::Ok();
        for value in request.headers().get_all("x-test-request") {
            response.append_header(("x-test-response", value));
        }
        response.append_header(("server-timing", "app;dur=1"));
        response.body("captured")
    })
}

async fn query(controller: Data<Controller>, request: HttpRequest) -> String {
    controller.handle(|| request.query_string().to_owned())
}

async fn param(controller: Data<Controller>, id: Path<String>) -> String {
    controller.handle(|| id.into_inner())
}

async fn child(controller: Data<Controller>, request: HttpRequest) -> String {
    controller.child(request.query_string().trim_start_matches("id="))
}

async fn context(controller: Data<Controller>) -> String {
    controller.context()
}

async fn echo(controller: Data<Controller>, body: Bytes) -> Bytes {
    controller.handle(|| body)
}

/// actix asks for more when all bytes are there, so this body says when it has ended.
async fn known_length() -> HttpResponse {
    sized(bodies::never_ending().take(2))
}

async fn short() -> HttpResponse {
    sized(bodies::short())
}

fn sized(body: impl Stream<Item = bodies::Chunk> + 'static) -> HttpResponse {
    let length: u64 = bodies::NEVER_ENDING_LENGTH.parse().expect("a number");
    HttpResponse::Ok().body(SizedStream::new(length, body))
}

async fn chunks() -> HttpResponse {
    HttpResponse::Ok().streaming(bodies::chunks())
}

async fn events() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .streaming(bodies::events())
}

async fn endless() -> HttpResponse {
    HttpResponse::Ok().streaming(bodies::endless())
}

async fn late() -> HttpResponse {
    HttpResponse::Ok().streaming(bodies::late())
}

async fn broken() -> HttpResponse {
    HttpResponse::Ok().streaming(bodies::broken())
}

async fn upgrade(payload: Payload) -> HttpResponse {
    HttpResponse::SwitchingProtocols()
        .upgrade("websocket")
        .streaming(payload)
}

async fn spawn(controller: Data<Controller>) -> &'static str {
    controller.keep();
    "spawned"
}

async fn hang(controller: Data<Controller>) -> &'static str {
    controller.enter();
    std::future::pending().await
}
