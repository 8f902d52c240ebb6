//! axum: a service called without a socket.

use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use axum::{Router, extract::Request as AxumRequest};
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use http::Request;
use http_body_util::BodyExt;
use opentelemetry::{KeyValue, global};
use otel_middleware_axum::{OtelLayer, ServerConfig};
use oxtel_tower::HttpServerLayer;
use tower::{Layer, Service, ServiceExt};
use tower_http_opentelemetry::extract::AxumHttpRouteExtractor;
use tower_http_opentelemetry::http::server::HttpServerTelemetryLayer;

use crate::column::{self, Column, FLOOR, Kind};
use crate::floor::tower::{Facts, Floor};
use crate::floor::{self, Handles};
use crate::setup::{self, Setup, labels, tracestate};

/// The columns of axum.
pub const COLUMNS: &[Column] = &[
    column("bare", Kind::Nothing, |setup| drive(routes(), setup)),
    column("a layer that does nothing", Kind::Nothing, |setup| {
        drive(routes().layer(Untouched), setup)
    }),
    column(FLOOR, Kind::Floor, |setup| {
        drive(routes().layer(floor(setup)), setup)
    }),
    column("otel-middleware-axum", Kind::Ours, |setup| {
        drive(routes().layer(ours()), setup)
    }),
    column(
        "otel-middleware-axum, beside the SDK's propagator",
        Kind::OursWithPropagator,
        |setup| drive(routes().layer(ours()), setup),
    ),
    column("opentelemetry-instrumentation-tower", Kind::Api, |setup| {
        let layer = opentelemetry_instrumentation_tower::http::server::Layer::new();
        drive(routes().layer(layer), setup)
    }),
    column(
        "axum-tracing-opentelemetry",
        Kind::Tracing { metrics: false },
        |setup| drive(routes().layer(OtelAxumLayer::default()), setup),
    ),
    column("tower-otel", Kind::Tracing { metrics: true }, |setup| {
        let routes = routes().layer(tower_otel::trace::HttpLayer::server(tracing::Level::INFO));
        let meter = global::meter("benchmarks");
        match setup {
            Setup::D => drive(
                routes.layer(tower_otel::metrics::HttpLayer::server(&meter)),
                setup,
            ),
            Setup::A | Setup::B | Setup::C => drive(routes, setup),
        }
    }),
    column(
        "tower-http-opentelemetry",
        Kind::Tracing { metrics: true },
        |setup| {
            let layer = HttpServerTelemetryLayer::new();
            let layer = layer.with_http_route_extractor(AxumHttpRouteExtractor);
            drive(routes().layer(layer), setup)
        },
    ),
    column("oxtel-tower", Kind::Oxtel, |setup| {
        drive(routes().layer(HttpServerLayer::new()), setup)
    }),
];

const fn column(name: &'static str, kind: Kind, subject: fn(Setup) -> column::Request) -> Column {
    Column {
        framework: "axum",
        name,
        kind,
        subject,
    }
}

fn ours() -> OtelLayer {
    let labels = LABELS.get(..labels()).unwrap_or(&LABELS);
    if labels.is_empty() {
        return OtelLayer::new();
    }
    OtelLayer::with_config(ServerConfig::new().attributes(move |_, attributes| {
        for label in labels {
            attributes.both(KeyValue::new(*label, "value"));
        }
    }))
}

fn floor(setup: Setup) -> Floor<5> {
    Floor {
        handles: Handles::new(setup, "http.server.request.duration"),
        facts: Facts {
            span: |uri, headers| floor::server_span(uri.path(), headers),
            status: |status, _| floor::status_code(status),
            labels: floor::server_labels,
        },
    }
}

static LABELS: [&str; 16] = [
    "l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9", "l10", "l11", "l12", "l13", "l14",
    "l15",
];

/// The application, without a middleware.
pub fn routes() -> Router {
    (0..setup::routes()).fold(Router::new(), |router, number| {
        router.route(
            &format!("/{}/{{id}}", resource(number)),
            get(|Path(id): Path<String>| async move { format!("{{\"id\":\"{id}\"}}") }),
        )
    })
}

fn resource(number: usize) -> String {
    match number {
        0 => "orders".to_owned(),
        _ => format!("resource-{number}"),
    }
}

/// The service for a column, to be served on a socket.
pub fn service(column: &Column) -> Option<Router> {
    Some(match column.name {
        "bare" => routes(),
        FLOOR => routes().layer(floor(Setup::C)),
        "otel-middleware-axum" => routes().layer(ours()),
        "opentelemetry-instrumentation-tower" => {
            routes().layer(opentelemetry_instrumentation_tower::http::server::Layer::new())
        }
        "axum-tracing-opentelemetry" => routes().layer(OtelAxumLayer::default()),
        _ => return None,
    })
}

/// As in `axum::serve`: the state is given once, and not with every request.
pub fn drive(service: Router, setup: Setup) -> column::Request {
    let service = service.with_state(());
    let paths: Vec<_> = (0..setup::routes())
        .map(|number| format!("/{}/42", resource(number)))
        .collect();
    let mut paths = paths.into_iter().cycle();
    Box::new(move || {
        let request = request(setup, &paths.next().unwrap_or_default());
        futures_executor::block_on(async {
            let Ok(response) = service.clone().oneshot(request).await;
            let read = response.into_body().collect().await;
            let length = read.map_or(0, |body| body.to_bytes().len());
            assert_eq!(length, 11);
        });
    })
}

fn request(setup: Setup, path: &str) -> AxumRequest {
    let request = Request::get(path)
        .header("host", "shop.example:8080")
        .header("user-agent", "benchmarks/1.0")
        .header("accept", "*/*")
        .header("accept-encoding", "gzip");
    if setup::roots() {
        return request.body(Body::empty()).unwrap_or_default();
    }
    let request = request.header("traceparent", setup.traceparent());
    let request = match tracestate() {
        Some(tracestate) => request.header("tracestate", tracestate),
        None => request,
    };
    request.body(Body::empty()).unwrap_or_default()
}

/// The cost of any layer: axum boxes what is around a route.
#[derive(Clone, Debug)]
struct Untouched;

impl<S> Layer<S> for Untouched {
    type Service = UntouchedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        UntouchedService(inner)
    }
}

#[derive(Clone, Debug)]
struct UntouchedService<S>(S);

impl<S: Service<R>, R> Service<R> for UntouchedService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(task)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.0.call(request)
    }
}
