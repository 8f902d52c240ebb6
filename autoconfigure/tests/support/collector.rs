//! OTLP over gRPC and over HTTP, on free loopback ports.

use std::{
    collections::BTreeMap,
    future::pending,
    io::Read,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    thread::{self, JoinHandle},
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs},
    metrics::v1::{Metric, ResourceMetrics, metric::Data},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, Span},
};
use prost::Message;
use tokio::{net::TcpListener, sync::oneshot};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Request, Response, Status, async_trait, codec::CompressionEncoding, transport::Server,
};

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Accept,
    /// Accepts everything and never answers.
    Hang,
    /// Reports one rejected span of each export.
    Reject,
    /// Implements only traces, as some backends do.
    TracesOnly,
    /// Implements none of the services.
    NoService,
}

/// A running collector, which stops on drop.
pub(crate) struct Collector {
    pub(crate) grpc: String,
    pub(crate) http: String,
    received: Arc<Mutex<Received>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Everything that has arrived.
#[derive(Default)]
pub(crate) struct Received {
    traces: Vec<ResourceSpans>,
    metrics: Vec<ResourceMetrics>,
    logs: Vec<ResourceLogs>,
    /// The path and the headers of each export.
    pub(crate) exports: Vec<(String, BTreeMap<String, String>)>,
}

impl Collector {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::at([any, any], behaviour, Arc::default())
    }

    /// Stops it, and returns a function that starts another one in its place, which keeps what has
    /// arrived.
    pub(crate) fn stop(self) -> impl FnOnce() -> Self {
        let received = Arc::clone(&self.received);
        let address = |url: &str| url.trim_start_matches("http://").parse().unwrap();
        let addresses = [address(&self.grpc), address(&self.http)];
        drop(self);
        move || Self::at(addresses, Behaviour::Accept, received)
    }

    fn at(
        [grpc, http]: [SocketAddr; 2],
        behaviour: Behaviour,
        received: Arc<Mutex<Received>>,
    ) -> Self {
        let inbox = Inbox {
            received: Arc::clone(&received),
            behaviour,
        };
        let (stop, stopped) = oneshot::channel();
        let (addresses, bound) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let grpc = TcpListener::bind(grpc).await.unwrap();
                let http = TcpListener::bind(http).await.unwrap();
                addresses.send((address(&grpc), address(&http))).unwrap();
                tokio::select! {
                    _ = stopped => {}
                    served = inbox.clone().grpc(grpc) => served.unwrap(),
                    served = axum::serve(http, inbox.http()) => served.unwrap(),
                }
            });
            // Breaks all connections, as a kill does.
            runtime.shutdown_background();
        });
        let (grpc, http) = bound.recv().unwrap();
        Self {
            grpc: format!("http://{grpc}"),
            http: format!("http://{http}"),
            received,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap()
}

impl Received {
    /// The spans, with the names of their services.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (String, &Span)> {
        self.traces.iter().flat_map(|traces| {
            let service = attribute(resource(&traces.resource), "service.name");
            let spans = traces.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.map(move |span| (service.clone().unwrap_or_default(), span))
        })
    }

    pub(crate) fn span(&self, name: &str) -> &Span {
        let mut spans = self.spans().filter(|(_, span)| span.name == name);
        let (Some((_, span)), None) = (spans.next(), spans.next()) else {
            let names: Vec<_> = self.spans().map(|(_, span)| &span.name).collect();
            panic!("not one {name} in {names:?}");
        };
        span
    }

    pub(crate) fn records(&self) -> Vec<&LogRecord> {
        let logs = self.logs.iter().flat_map(|logs| &logs.scope_logs);
        logs.flat_map(|scope| &scope.log_records).collect()
    }

    /// The record with this body, and the name of its scope.
    pub(crate) fn record(&self, body: &str) -> (&LogRecord, &str) {
        let logs = self.logs.iter().flat_map(|logs| &logs.scope_logs);
        let records = logs.flat_map(|scope| {
            let name = scope.scope.as_ref().map_or("", |scope| scope.name.as_str());
            scope.log_records.iter().map(move |record| (record, name))
        });
        let is_it = |record: &LogRecord| text(record.body.as_ref()).is_some_and(|it| it == body);
        let mut records = records.filter(|(record, _)| is_it(record));
        let (Some(record), None) = (records.next(), records.next()) else {
            panic!("not one {body} in {:?}", self.bodies());
        };
        record
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let bodies = self.records().into_iter().map(|record| &record.body);
        bodies.map(|body| text(body.as_ref()).unwrap()).collect()
    }

    /// The metrics of the application.
    pub(crate) fn metrics(&self) -> Vec<&Metric> {
        let metrics = self.all_metrics();
        metrics
            .filter(|metric| !metric.name.starts_with("otel.sdk."))
            .collect()
    }

    /// The metrics, including those of the export itself.
    pub(crate) fn all_metrics(&self) -> impl Iterator<Item = &Metric> {
        let metrics = self.metrics.iter();
        let scopes = metrics.flat_map(|metrics| &metrics.scope_metrics);
        scopes.flat_map(|scope| &scope.metrics)
    }

    /// The temporality and the kind of the only histogram.
    pub(crate) fn histogram(&self) -> (String, String) {
        let metrics = self.metrics();
        let Some(data) = metrics.first().and_then(|metric| metric.data.as_ref()) else {
            return ("none".to_owned(), "none".to_owned());
        };
        let (temporality, kind) = match data {
            Data::Histogram(histogram) => (histogram.aggregation_temporality, "explicit"),
            Data::ExponentialHistogram(histogram) => {
                (histogram.aggregation_temporality, "exponential")
            }
            other => panic!("{other:?}"),
        };
        (temporality.to_string(), kind.to_owned())
    }

    /// The resource of each signal that has arrived.
    pub(crate) fn resources(&self) -> Vec<BTreeMap<String, String>> {
        let traces = self.traces.iter().map(|traces| &traces.resource);
        let metrics = self.metrics.iter().map(|metrics| &metrics.resource);
        let logs = self.logs.iter().map(|logs| &logs.resource);
        traces
            .chain(metrics)
            .chain(logs)
            .map(|found| {
                let attributes = resource(found).iter();
                attributes
                    .filter_map(|found| Some((found.key.clone(), text(found.value.as_ref())?)))
                    .collect()
            })
            .collect()
    }
}

fn resource(found: &Option<Resource>) -> &[KeyValue] {
    found.as_ref().map_or(&[], |found| &found.attributes)
}

pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    text(found.value.as_ref())
}

fn text(value: Option<&AnyValue>) -> Option<String> {
    Some(match value?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(flag) => flag.to_string(),
        _ => return None,
    })
}

#[derive(Clone)]
struct Inbox {
    received: Arc<Mutex<Received>>,
    behaviour: Behaviour,
}

impl Inbox {
    async fn grpc(self, listener: TcpListener) -> Result<(), tonic::transport::Error> {
        let traces = TraceServiceServer::new(self.clone());
        let metrics = MetricsServiceServer::new(self.clone());
        let logs = LogsServiceServer::new(self);
        Server::builder()
            .add_service(traces.accept_compressed(CompressionEncoding::Gzip))
            .add_service(metrics.accept_compressed(CompressionEncoding::Gzip))
            .add_service(logs.accept_compressed(CompressionEncoding::Gzip))
            .serve_with_incoming(TcpListenerStream::new(listener))
            .await
    }

    fn http(self) -> axum::Router {
        axum::Router::new().fallback(export).with_state(self)
    }

    async fn take(
        &self,
        path: &str,
        headers: HeaderMap,
        add: impl FnOnce(&mut Received),
    ) -> Result<(), Status> {
        match self.behaviour {
            Behaviour::Hang => return pending().await,
            Behaviour::NoService => return Err(Status::unimplemented(path)),
            Behaviour::TracesOnly if !path.contains("race") => {
                return Err(Status::unimplemented(path));
            }
            Behaviour::Accept | Behaviour::Reject | Behaviour::TracesOnly => {}
        }
        let headers = headers.iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let mut received = self.received.lock().unwrap();
        received.exports.push((path.to_owned(), headers.collect()));
        add(&mut received);
        Ok(())
    }
}

async fn export(
    State(inbox): State<Inbox>,
    path: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(), axum::http::StatusCode> {
    let body = match headers.get("content-encoding") {
        Some(_) => {
            let mut plain = Vec::new();
            GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
            plain.into()
        }
        None => body,
    };
    let path = path.path().to_owned();
    inbox
        .take(&path, headers, |received| {
            if path.ends_with("/v1/traces") {
                let request = ExportTraceServiceRequest::decode(body).unwrap();
                received.traces.extend(request.resource_spans);
            } else if path.ends_with("/v1/metrics") {
                let request = ExportMetricsServiceRequest::decode(body).unwrap();
                received.metrics.extend(request.resource_metrics);
            } else if path.ends_with("/v1/logs") {
                let request = ExportLogsServiceRequest::decode(body).unwrap();
                received.logs.extend(request.resource_logs);
            }
        })
        .await
        .map_err(|_| axum::http::StatusCode::NOT_FOUND)
}

#[async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.take("grpc/traces", metadata.into_headers(), |received| {
            received.traces.extend(request.resource_spans);
        })
        .await?;
        let rejected = ExportTracePartialSuccess {
            rejected_spans: 1,
            error_message: "too old".to_owned(),
        };
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success: (self.behaviour == Behaviour::Reject).then_some(rejected),
        }))
    }
}

#[async_trait]
impl MetricsService for Inbox {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.take("grpc/metrics", metadata.into_headers(), |received| {
            received.metrics.extend(request.resource_metrics);
        })
        .await?;
        Ok(Response::new(Default::default()))
    }
}

#[async_trait]
impl LogsService for Inbox {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.take("grpc/logs", metadata.into_headers(), |received| {
            received.logs.extend(request.resource_logs);
        })
        .await?;
        Ok(Response::new(Default::default()))
    }
}
