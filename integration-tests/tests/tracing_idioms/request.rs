//! One request, and its telemetry.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::rt::System;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web};
use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_actix::OtelMiddleware;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use otel_middleware_tonic::OtelServerLayer;
use otel_tracing_bridge::{ContextSubscriber, RecordLayer, SpanLayer};
use tonic::body::Body;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::{Layer, ServiceExt};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What a handler does.
pub(crate) type Idiom = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Has each framework answer a request by an idiom, with `#[instrument]` and without, and checks
/// what is left behind.
pub(crate) fn check(idiom: Idiom, check: impl Fn(&Seen)) {
    for framework in Framework::ALL {
        for handler in [Handler::Plain(idiom), Handler::Instrumented(idiom)] {
            let seen = request(framework, handler);
            eprintln!("{framework:?} {handler:?}");
            check(&seen);
        }
    }
}

/// The telemetry of one request.
pub(crate) struct Seen {
    pub(crate) framework: Framework,
    pub(crate) server: SpanData,
    /// The span around the idiom: the handler's, or the server's if the handler has none.
    pub(crate) place: SpanData,
    /// All others.
    pub(crate) spans: Vec<SpanData>,
    pub(crate) records: Vec<SdkLogRecord>,
    pub(crate) is_instrumented: bool,
}

impl Seen {
    /// The only other span, which must be a child of that span.
    pub(crate) fn only(&self) -> &SpanData {
        let [span] = &self.spans[..] else {
            panic!("{:#?}", self.spans);
        };
        assert_child(span, &self.place);
        span
    }

    pub(crate) fn named(&self, name: &str) -> &SpanData {
        let mut named = self.spans.iter().filter(|span| span.name == name);
        let span = named.next().unwrap_or_else(|| panic!("{:#?}", self.spans));
        assert!(named.next().is_none(), "{:#?}", self.spans);
        span
    }
}

pub(crate) fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id());
    assert_eq!(
        child.span_context.trace_id(),
        parent.span_context.trace_id()
    );
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Axum,
    Actix,
    Tonic,
}

impl Framework {
    const ALL: [Self; 3] = [Self::Axum, Self::Actix, Self::Tonic];
}

#[derive(Clone, Copy, Debug)]
enum Handler {
    Plain(Idiom),
    Instrumented(Idiom),
}

impl Handler {
    async fn handle(self) {
        #[tracing::instrument(skip_all)]
        async fn handler(idiom: Idiom) {
            idiom().await;
        }
        match self {
            Self::Plain(idiom) => idiom().await,
            Self::Instrumented(idiom) => handler(idiom).await,
        }
    }
}

/// The subscriber of the process, because blocking threads have no other.
pub(crate) struct Global {
    pub(crate) capture: Capture,
    pub(crate) logs: InMemoryLogExporter,
    pub(crate) logger_provider: SdkLoggerProvider,
}

pub(crate) static GLOBAL: LazyLock<Global> = LazyLock::new(|| {
    let (capture, logs) = (Capture::new(), InMemoryLogExporter::default());
    let logger_provider = SdkLoggerProvider::builder()
        .with_simple_exporter(logs.clone())
        .build();
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(capture.tracer_provider().clone()))
        .with(RecordLayer::new(&logger_provider))
        .with(tracing_subscriber::filter::LevelFilter::INFO);
    ContextSubscriber::new(subscriber).init();
    Global {
        capture,
        logs,
        logger_provider,
    }
});

fn request(framework: Framework, handler: Handler) -> Seen {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let trace_id = format!("{:032x}", NEXT.fetch_add(1, Ordering::Relaxed));
    let traceparent = format!("00-{trace_id}-0000000000000456-01");
    let config = ServerConfig::new().providers(GLOBAL.capture.providers());
    System::new().block_on(async {
        match framework {
            Framework::Axum => axum(config, handler, &traceparent).await,
            Framework::Actix => actix(config, handler, &traceparent).await,
            Framework::Tonic => tonic(config, handler, &traceparent).await,
        }
    });

    let spans = GLOBAL.capture.spans().into_iter();
    let mut spans: Vec<_> = spans
        .filter(|span| span.span_context.trace_id().to_string() == trace_id)
        .collect();
    let is_server = |span: &SpanData| span.span_kind == SpanKind::Server;
    let server = spans.iter().position(is_server).expect("a server span");
    let server = spans.remove(server);
    let is_instrumented = matches!(handler, Handler::Instrumented(_));
    let place = match is_instrumented {
        true => {
            let is_handler = |span: &SpanData| span.parent_span_id == server.span_context.span_id();
            let handler = spans.iter().position(is_handler).expect("a handler");
            spans.remove(handler)
        }
        false => server.clone(),
    };
    let records = GLOBAL.logs.get_emitted_logs().expect("logs").into_iter();
    let records = records.map(|record| record.record).filter(|record| {
        let ids = record.trace_context();
        ids.is_some_and(|ids| ids.trace_id.to_string() == trace_id)
    });
    Seen {
        framework,
        server,
        place,
        spans,
        records: records.collect(),
        is_instrumented,
    }
}

async fn axum(config: ServerConfig, handler: Handler, traceparent: &str) {
    let router = Router::new()
        .route("/", get(move || handler.handle()))
        .layer(OtelLayer::with_config(config));
    let request = http::Request::get("/").header("traceparent", traceparent);
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let response = router.oneshot(request.map(axum::body::Body::new)).await;
    let body = response.expect("a response").into_body();
    body.collect().await.expect("a body");
}

async fn actix(config: ServerConfig, handler: Handler, traceparent: &str) {
    let app = App::new().wrap(OtelMiddleware::with_config(config)).route(
        "/",
        web::get().to(move || async move {
            handler.handle().await;
            ""
        }),
    );
    let app = init_service(app).await;
    let request = TestRequest::get()
        .uri("/")
        .insert_header(("traceparent", traceparent));
    let response = call_service(&app, request.to_request()).await;
    actix_web::test::read_body(response).await;
}

async fn tonic(config: ServerConfig, handler: Handler, traceparent: &str) {
    let service = OtelServerLayer::with_config(config).layer(HealthServer::new(Checked(handler)));
    // An empty message.
    let body = Full::new(Bytes::from_static(&[0; 5]));
    let request = http::Request::post("/grpc.health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .header("traceparent", traceparent)
        .body(Body::new(body.map_err(|never: Infallible| match never {})))
        .expect("a request");
    let response = service.oneshot(request).await.expect("a response");
    response.into_body().collect().await.expect("a body");
}

struct Checked(Handler);

#[tonic::async_trait]
impl Health for Checked {
    type WatchStream = futures_util::stream::Empty<Result<HealthCheckResponse, tonic::Status>>;

    async fn check(
        &self,
        _: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, tonic::Status> {
        self.0.handle().await;
        Ok(tonic::Response::new(HealthCheckResponse::default()))
    }

    async fn watch(
        &self,
        _: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Self::WatchStream>, tonic::Status> {
        Err(tonic::Status::unimplemented("watch"))
    }
}
