//! Receivers that count the spans that they have accepted, and spans to send.
#![allow(dead_code, missing_docs, reason = "each test binary uses a part of it")]

pub(crate) mod grpc;
pub(crate) mod http;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;
use std::time::SystemTime;

use opentelemetry::InstrumentationScope;
use opentelemetry::KeyValue;
use opentelemetry::SpanId;
use opentelemetry::TraceFlags;
use opentelemetry::TraceId;
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::Status;
use opentelemetry::trace::TraceState;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanEvents;
use opentelemetry_sdk::trace::SpanExporter as _;
use opentelemetry_sdk::trace::SpanLinks;
use otel_otlp_exporter::Backoff;
use otel_otlp_exporter::Event;
use otel_otlp_exporter::ExporterBuilder;
use otel_otlp_exporter::Protocol;
use otel_otlp_exporter::SpanExporter;

/// What a receiver has accepted, and in how many requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted(Arc<Mutex<Inbox>>);

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) spans: BTreeSet<Vec<u8>>,
    /// The headers of each request.
    pub(crate) requests: Vec<::http::HeaderMap>,
}

impl Accepted {
    pub(crate) fn add(&self, headers: ::http::HeaderMap, request: ExportTraceServiceRequest) {
        let mut inbox = self.inbox();
        inbox.requests.push(headers);
        let scopes = request.resource_spans.into_iter();
        let scopes = scopes.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        inbox.spans.extend(spans.map(|span| span.span_id));
    }

    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.0.lock().unwrap()
    }

    pub(crate) fn spans(&self) -> usize {
        self.inbox().spans.len()
    }

    pub(crate) fn requests(&self) -> usize {
        self.inbox().requests.len()
    }
}

/// An exporter with short pauses, and its events.
pub(crate) struct Subject {
    pub(crate) exporter: SpanExporter,
    pub(crate) told: Told,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Told {
    /// The events in their order, without repeated failures.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut all = self.0.0.lock().unwrap().clone();
        all.dedup();
        all
    }

    /// Waits for this event.
    pub(crate) fn wait_for(&self, text: &str) {
        let (told, changed) = &*self.0;
        let is_missing = |told: &mut Vec<String>| !told.iter().any(|told| told == text);
        let (told, waited) = changed
            .wait_timeout_while(told.lock().unwrap(), Duration::from_secs(30), is_missing)
            .unwrap();
        assert!(!waited.timed_out(), "no {text:?} in {told:?}");
    }

    pub(crate) fn add(&self, event: &Event<'_>) {
        let text = match event {
            Event::Started { items, .. } => format!("started {items}"),
            Event::AttemptFailed {
                failure,
                is_retried,
                ..
            } => {
                let what = if *is_retried { "again" } else { "never" };
                format!("{what}: {failure}")
            }
            Event::Delivered {
                items,
                rejected,
                message,
                ..
            } => format!("delivered {items}, rejected {rejected} {message}"),
            Event::Lost {
                items, is_certain, ..
            } => match is_certain {
                true => format!("lost {items}"),
                false => format!("lost up to {items}"),
            },
            other => panic!("{other:?}"),
        };
        self.0.0.lock().unwrap().push(text);
        self.0.1.notify_all();
    }
}

impl Subject {
    pub(crate) fn new(
        protocol: Protocol,
        endpoint: &str,
        configure: impl FnOnce(ExporterBuilder) -> ExporterBuilder,
    ) -> Self {
        let told = Told::default();
        let teller = told.clone();
        let builder = ExporterBuilder::new(protocol, endpoint)
            .backoff(Backoff::new(
                Duration::from_millis(1),
                Duration::from_millis(20),
            ))
            .patience(Duration::from_secs(60))
            .on_event(move |event| teller.add(event));
        Self {
            exporter: configure(builder).spans().unwrap(),
            told,
        }
    }

    /// Exports as the SDK does, on a thread without a runtime.
    pub(crate) fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        futures_executor::block_on(self.exporter.export(spans))
    }
}

/// Distinct spans, each of about `size` bytes.
pub(crate) fn spans(count: u64, size: usize) -> Vec<SpanData> {
    (1..=count).map(|number| span(number, size)).collect()
}

fn span(number: u64, size: usize) -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(u128::from(number)),
            SpanId::from(number),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "GET /orders/{id}".into(),
        start_time: SystemTime::now(),
        end_time: SystemTime::now(),
        attributes: vec![KeyValue::new("data", "x".repeat(size))],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("test").build(),
    }
}

/// An address on which nothing listens. Its port stays bound, so that nothing else can get it.
pub(crate) fn nobody() -> std::net::SocketAddr {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    address
}
