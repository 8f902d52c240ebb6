//! The options of an exporter.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use http::Uri;
use http::header::USER_AGENT;
use http::uri::PathAndQuery;
use opentelemetry_sdk::metrics::Temporality;

use crate::backoff::Backoff;
use crate::delivery::Hook;
use crate::delivery::Limits;
use crate::delivery::Memory;
use crate::error::BuildError;
use crate::event::Event;
use crate::export_thread::ExportThread;
use crate::exporter::LogExporter;
use crate::exporter::MetricExporter;
use crate::exporter::SpanExporter;
use crate::protocol::Protocol;
use crate::sender::Sender;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::transport::Grpc;
use crate::transport::Http;
use crate::transport::Transport;
use crate::transport::connector;

/// Builds exporters for one endpoint.
///
/// ```
/// use std::time::Duration;
///
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use otel_otlp_exporter::{ExporterBuilder, Protocol};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = ExporterBuilder::new(Protocol::HttpProtobuf, "http://localhost:4318/v1/traces")
///     .patience(Duration::from_secs(60))
///     .spans()?;
/// let provider = SdkTracerProvider::builder()
///     .with_batch_exporter(exporter)
///     .build();
/// # Ok(())
/// # }
/// ```
#[must_use = "an exporter is made by `spans`, `logs` or `metrics`"]
pub struct ExporterBuilder {
    protocol: Protocol,
    endpoint: String,
    headers: HeaderMap,
    is_compressed: bool,
    attempt: Duration,
    patience: Duration,
    backoff: Backoff,
    largest: usize,
    thread: Option<ExportThread>,
    on_event: Box<Hook>,
    #[cfg(feature = "tls")]
    tls: Tls,
}

impl ExporterBuilder {
    /// Creates a builder for the receiver at `endpoint`. Over HTTP, `endpoint` is the whole URL
    /// with the path of the signal, such as `http://localhost:4318/v1/traces`. Over gRPC, it is
    /// scheme, host and port; the exporter appends the path of the call.
    pub fn new(protocol: Protocol, endpoint: impl Into<String>) -> Self {
        let user_agent = HeaderValue::from_static(AGENT);
        Self {
            protocol,
            endpoint: endpoint.into(),
            headers: HeaderMap::from_iter([(USER_AGENT, user_agent)]),
            is_compressed: false,
            attempt: ATTEMPT,
            patience: PATIENCE,
            backoff: Backoff::default(),
            largest: LARGEST,
            thread: None,
            on_event: Box::new(|_| {}),
            #[cfg(feature = "tls")]
            tls: Tls::default(),
        }
    }

    /// Sets the headers of each request. By default there is only `User-Agent`, which can be
    /// replaced.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Compresses requests with gzip. By default they are not compressed.
    pub fn gzip(mut self) -> Self {
        self.is_compressed = true;
        self
    }

    /// Sets how long one attempt may take, from connecting to the answer; ten seconds by default.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt = timeout.min(NO_LIMIT);
        self
    }

    /// Sets how long a batch is retried, measured from the beginning of its export; five minutes by
    /// default. An attempt that is still running after this time is finished.
    ///
    /// The batch is not lost while it is retried, but the SDK's queue behind it fills up.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience.min(NO_LIMIT);
        self
    }

    /// Sets the pauses between attempts; by default from 200 milliseconds to five seconds.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets the size in bytes, before compression, above which a batch is split into several
    /// requests; 4 MiB by default, which is the default limit of gRPC receivers.
    ///
    /// If the receiver refuses a request as too large, the request is split further. A single span
    /// is never split.
    pub fn largest_request(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// Sets the thread that exports. By default each exporter starts its own thread.
    pub fn thread(mut self, thread: &ExportThread) -> Self {
        self.thread = Some(thread.clone());
        self
    }

    /// Sets a hook that is called for each [`Event`]. It runs on the threads of the exporters and
    /// of the SDK, and must not block. By default there is none.
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.on_event = Box::new(hook);
        self
    }

    /// Sets the certificates for `https`. By default the system's root certificates are trusted.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Creates an exporter of spans.
    ///
    /// # Errors
    ///
    /// If the endpoint is not a valid URL for an export, if a certificate cannot be used, or if no
    /// thread can be started.
    pub fn spans(self) -> Result<SpanExporter, BuildError> {
        Ok(SpanExporter::new(self.sender(TRACES, true)?))
    }

    /// Creates an exporter of log records.
    ///
    /// # Errors
    ///
    /// As for [`spans`](Self::spans).
    pub fn logs(self) -> Result<LogExporter, BuildError> {
        Ok(LogExporter::new(self.sender(LOGS, true)?))
    }

    /// Creates an exporter of metrics.
    ///
    /// # Errors
    ///
    /// As for [`spans`](Self::spans).
    pub fn metrics(self, temporality: Temporality) -> Result<MetricExporter, BuildError> {
        let repeats_ambiguous = temporality == Temporality::Cumulative;
        let sender = self.sender(METRICS, repeats_ambiguous)?;
        Ok(MetricExporter::new(sender, temporality))
    }

    fn sender(self, method: &'static str, repeats_ambiguous: bool) -> Result<Sender, BuildError> {
        let url = url(&self.endpoint)?;
        let thread = match self.thread {
            Some(thread) => thread,
            None => ExportThread::start()
                .map_err(|error| BuildError::because("no thread to export on", error))?,
        };
        let is_known = thread.receiver(place(&url));
        let connector = connector();
        #[cfg(feature = "tls")]
        let connector = {
            let is_https = url.scheme_str() == Some("https");
            self.tls.connector(connector, self.protocol, is_https)?
        };
        let (headers, is_compressed) = (self.headers, self.is_compressed);
        let transport = match self.protocol {
            Protocol::Grpc => {
                let method = PathAndQuery::from_static(method);
                let origin = origin(url)?;
                let grpc = || Grpc::new(connector, origin, method, headers, is_compressed);
                Transport::Grpc(thread.enter(grpc))
            }
            Protocol::HttpProtobuf => {
                let http = || Http::new(connector, url, headers, is_compressed);
                Transport::Http(thread.enter(http))
            }
        };
        Ok(Sender {
            transport: Arc::new(transport),
            memory: Arc::new(Memory::new(is_known, self.on_event)),
            limits: Limits {
                patience: self.patience,
                backoff: self.backoff,
                repeats_ambiguous,
            },
            attempt: self.attempt,
            largest: self.largest,
            thread,
            is_shut_down: AtomicBool::new(false),
        })
    }
}

/// The endpoint as a URL, if it is one that can be exported to.
fn url(endpoint: &str) -> Result<Uri, BuildError> {
    let url: Uri = endpoint
        .parse()
        .map_err(|error| BuildError::because(format!("{endpoint:?} is no URL"), error))?;
    match (url.scheme_str(), url.host()) {
        (_, None | Some("")) => Err(BuildError::new(format!("{endpoint:?} names no host"))),
        (Some("http"), _) => Ok(url),
        #[cfg(feature = "tls")]
        (Some("https"), _) => Ok(url),
        #[cfg(not(feature = "tls"))]
        (Some("https"), _) => {
            let what = format!("{endpoint:?} needs the feature `tls` of otel-otlp-exporter");
            Err(BuildError::new(what))
        }
        _ => Err(BuildError::new(format!(
            "{endpoint:?} begins neither with http:// nor with https://"
        ))),
    }
}

/// Scheme, host and port, as far as the URL has them.
fn place(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or_default();
    let host = url.host().unwrap_or_default();
    let port = url.port_u16();
    format!("{scheme}://{host}:{port:?}")
}

/// The URL without a trailing slash and without a query: the path of the call is appended.
fn origin(url: Uri) -> Result<Uri, BuildError> {
    let mut parts = url.into_parts();
    let path = parts.path_and_query.as_ref().map(PathAndQuery::path);
    let path = path.unwrap_or_default().trim_end_matches('/');
    let path = if path.is_empty() { "/" } else { path };
    let invalid = |error| BuildError::because("the path of the endpoint is invalid", error);
    parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(invalid)?);
    Uri::from_parts(parts).map_err(|error| BuildError::because("the endpoint is invalid", error))
}

impl fmt::Debug for ExporterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers often are credentials.
        f.debug_struct("ExporterBuilder")
            .field("protocol", &self.protocol)
            .field("endpoint", &self.endpoint)
            .field("attempt_timeout", &self.attempt)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

const AGENT: &str = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
const ATTEMPT: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(300);
const LARGEST: usize = 4 * 1024 * 1024;
/// A year, which timers can hold, stands for no limit.
const NO_LIMIT: Duration = Duration::from_secs(60 * 60 * 24 * 365);
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
