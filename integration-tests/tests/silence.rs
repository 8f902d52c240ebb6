//! A warning says that telemetry goes nowhere: without a provider, and after its shutdown.
//!
//! No other test uses the global providers and subscriber of this process.

#![allow(clippy::expect_used)]

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use integration_tests::semconv;
use opentelemetry::global;
use opentelemetry::trace::noop::NoopTracerProvider;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::{OtelLayer, OtelService};
use tower::{Layer, Service, ServiceExt, service_fn};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry;

#[test]
fn what_is_not_recorded_is_said_once_and_a_successor_is_found() {
    let warnings = Warnings::default();
    tracing::subscriber::set_global_default(registry().with(warnings.clone()))
        .expect("no other subscriber");
    let mut service = OtelLayer::new().layer(service_fn(answer));

    ask(&mut service, 99);
    assert_eq!(warnings.taken(), [""; 0]);
    ask(&mut service, 200);
    let said = warnings.taken();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said.iter().all(|it| it.contains("opentelemetry 0.33")));

    let first = Capture::new();
    global::set_tracer_provider(first.tracer_provider().clone());
    global::set_meter_provider(first.meter_provider().clone());
    ask(&mut service, 3);
    assert_eq!(first.spans().len(), 3);
    assert_eq!(warnings.taken(), [""; 0]);

    first.tracer_provider().shutdown().expect("a shutdown");
    first.meter_provider().shutdown().expect("a shutdown");
    ask(&mut service, 300);
    let said = warnings.taken();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said.iter().all(|it| it.contains("was shut down")));

    let second = Capture::new();
    global::set_meter_provider(second.meter_provider().clone());
    global::set_tracer_provider(second.tracer_provider().clone());
    ask(&mut service, 5);
    assert_eq!(second.spans().len(), 5);
    let points = second.points("http.server.request.duration");
    assert_eq!(points.iter().map(|point| point.count).sum::<u64>(), 5);
    semconv::check(&second);

    // An application that sets no meter provider does not want one.
    global::set_tracer_provider(NoopTracerProvider::new());
    ask(&mut service, 300);
    assert_eq!(
        second.spans().len(),
        305,
        "what was found stays until its shutdown"
    );
    assert_eq!(warnings.taken(), [""; 0]);
}

async fn answer(_: Request<()>) -> Result<Response<Empty<Bytes>>, Infallible> {
    ready(Ok(Response::new(Empty::new()))).await
}

fn ask<S>(service: &mut OtelService<S>, requests: usize)
where
    S: Service<Request<()>, Response = Response<Empty<Bytes>>, Error = Infallible> + Clone,
{
    for _ in 0..requests {
        let request = Request::get("/plain").body(()).expect("a request");
        let answered = service.clone().oneshot(request).now_or_never();
        drop(answered.expect("ready").expect("a response"));
    }
}

/// The warnings of the suite.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let metadata = event.metadata();
        if *metadata.level() == Level::WARN && metadata.target().starts_with("otel_instrumentation")
        {
            let mut message = Message(String::new());
            event.record(&mut message);
            self.0.lock().expect("no panic").push(message.0);
        }
    }
}
