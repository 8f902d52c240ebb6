//! actix-web: an application called without a socket.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, body, rt, web};
use opentelemetry_instrumentation_actix_web::{RequestMetrics, RequestTracing};
use tracing_actix_web::TracingLogger;

use crate::column::{self, Column, FLOOR, Kind};
use crate::floor::Handles;
use crate::floor::actix::Floor;
use crate::setup::{Setup, tracestate};

/// The columns of actix-web.
pub const COLUMNS: &[Column] = &[
    column("bare", Kind::Nothing, |setup| {
        let app = App::new().route(ROUTE, web::get().to(order));
        drive(|| init_service(app), setup)
    }),
    column(FLOOR, Kind::Floor, |setup| {
        let floor = Floor(Handles::new(setup, "http.server.request.duration"));
        let app = App::new().wrap(floor).route(ROUTE, web::get().to(order));
        drive(|| init_service(app), setup)
    }),
    column("otel-middleware-actix", Kind::Ours, |setup| {
        let middleware = otel_middleware_actix::OtelMiddleware::new();
        let app = App::new()
            .wrap(middleware)
            .route(ROUTE, web::get().to(order));
        drive(|| init_service(app), setup)
    }),
    column(
        "otel-middleware-actix, beside the SDK's propagator",
        Kind::OursWithPropagator,
        |setup| {
            let middleware = otel_middleware_actix::OtelMiddleware::new();
            let app = App::new()
                .wrap(middleware)
                .route(ROUTE, web::get().to(order));
            drive(|| init_service(app), setup)
        },
    ),
    column(
        "opentelemetry-instrumentation-actix-web",
        Kind::Api,
        |setup| {
            let app = App::new().wrap(RequestTracing::new());
            match setup {
                Setup::D => {
                    let app = app.wrap(RequestMetrics::default());
                    let app = app.route(ROUTE, web::get().to(order));
                    drive(|| init_service(app), setup)
                }
                Setup::A | Setup::B | Setup::C => {
                    let app = app.route(ROUTE, web::get().to(order));
                    drive(|| init_service(app), setup)
                }
            }
        },
    ),
    column("tracing-actix-web", Kind::TracingBefore, |setup| {
        let app = App::new()
            .wrap(TracingLogger::default())
            .route(ROUTE, web::get().to(order));
        drive(|| init_service(app), setup)
    }),
];

const fn column(name: &'static str, kind: Kind, subject: fn(Setup) -> column::Request) -> Column {
    Column {
        framework: "actix-web",
        name,
        kind,
        subject,
    }
}

const ROUTE: &str = "/orders/{id}";

async fn order(id: web::Path<String>) -> String {
    format!("{{\"id\":\"{id}\"}}")
}

fn drive<S, B, F>(init: impl FnOnce() -> F, setup: Setup) -> column::Request
where
    F: Future<Output = S>,
    S: Service<Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    let system = rt::System::new();
    let service = system.block_on(init());
    // The thread-local state must live as long as the service.
    std::mem::forget(system);
    Box::new(move || {
        let request = TestRequest::get()
            .uri("/orders/42")
            .insert_header(("host", "shop.example:8080"))
            .insert_header(("user-agent", "benchmarks/1.0"))
            .insert_header(("accept", "*/*"))
            .insert_header(("accept-encoding", "gzip"))
            .insert_header(("traceparent", setup.traceparent()));
        let request = match tracestate() {
            Some(tracestate) => request.insert_header(("tracestate", tracestate)),
            None => request,
        };
        let request = request.to_request();
        futures_executor::block_on(async {
            let length = match service.call(request).await {
                Ok(response) => body::to_bytes(response.into_body())
                    .await
                    .map_or(0, |body| body.len()),
                Err(_) => 0,
            };
            assert_eq!(length, 11);
        });
    })
}
