//! OTLP: the target of one signal, from the general variables and those of the signal.
//!
//! The exporters read the headers themselves. Everything else is passed to them, because they
//! take malformed values for unset without a word.

use std::time::Duration;

use http::HeaderName;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{
    Compression, ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig,
    WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::metrics::Temporality;

#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::{
    endpoint::{Protocol, collector, endpoint},
    environment::Environment,
    error::InitError,
    signal::Signal,
};

/// Where and how one signal is exported.
#[derive(Debug)]
pub(crate) struct Target {
    protocol: Protocol,
    endpoint: String,
    /// Scheme, host and port: what signals with one collector have in common.
    pub(crate) collector: String,
    pub(crate) timeout: Duration,
    is_compressed: bool,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Target {
    pub(crate) fn read(environment: &Environment, signal: Signal) -> Result<Self, InitError> {
        let names = |setting| signal.otlp_variables(setting);
        let protocol = environment
            .choice(&names("PROTOCOL"), &PROTOCOLS, "grpc")
            .unwrap_or(Protocol::Grpc);
        let (endpoint, uri) = endpoint(environment, signal, protocol);
        let is_https = uri.scheme_str() == Some("https");
        #[cfg(not(feature = "tls"))]
        if is_https {
            let [_, insecure] = names("INSECURE");
            return Err(InitError::new(format_args!(
                "{signal} go to {}, and https needs the feature `tls` of otel-autoconfigure \
                 (without a scheme, an endpoint is https unless {insecure} is true)",
                collector(&uri),
            )));
        }
        #[cfg(not(feature = "tls"))]
        warn_of_certificates(environment, signal);
        check_headers(environment, &names("HEADERS"));
        Ok(Self {
            protocol,
            collector: collector(&uri),
            timeout: environment.timeout(&names("TIMEOUT"), TIMEOUT),
            is_compressed: environment
                .choice(&names("COMPRESSION"), &COMPRESSIONS, "none")
                .unwrap_or(false),
            #[cfg(feature = "tls")]
            tls: is_https
                .then(|| Tls::read(environment, signal))
                .transpose()?,
            endpoint,
        })
    }

    pub(crate) fn span_exporter(&self) -> Result<SpanExporter, InitError> {
        let builder = SpanExporter::builder();
        built(match self.protocol {
            Protocol::Grpc => self.grpc(builder.with_tonic()).build(),
            Protocol::HttpProtobuf => self.http(builder.with_http())?.build(),
        })
    }

    pub(crate) fn log_exporter(&self) -> Result<LogExporter, InitError> {
        let builder = LogExporter::builder();
        built(match self.protocol {
            Protocol::Grpc => self.grpc(builder.with_tonic()).build(),
            Protocol::HttpProtobuf => self.http(builder.with_http())?.build(),
        })
    }

    pub(crate) fn metric_exporter(
        &self,
        temporality: Temporality,
    ) -> Result<MetricExporter, InitError> {
        let builder = MetricExporter::builder().with_temporality(temporality);
        built(match self.protocol {
            Protocol::Grpc => self.grpc(builder.with_tonic()).build(),
            Protocol::HttpProtobuf => self.http(builder.with_http())?.build(),
        })
    }

    fn grpc<B: WithExportConfig + WithTonicConfig>(&self, builder: B) -> B {
        let mut builder = builder
            .with_endpoint(&self.endpoint)
            .with_timeout(self.timeout);
        if self.is_compressed {
            builder = builder.with_compression(Compression::Gzip);
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            builder = builder.with_tls_config(tls.grpc());
        }
        builder
    }

    fn http<B: WithExportConfig + WithHttpConfig>(&self, builder: B) -> Result<B, InitError> {
        let mut builder = builder
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .with_endpoint(&self.endpoint)
            .with_timeout(self.timeout);
        if self.is_compressed {
            builder = builder.with_compression(Compression::Gzip);
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(builder.with_http_client(tls.http(self.timeout)?));
        }
        let client = HyperClient::with_default_connector(self.timeout, None);
        Ok(builder.with_http_client(client))
    }
}

fn built<E>(result: Result<E, ExporterBuildError>) -> Result<E, InitError> {
    result.map_err(InitError::new)
}

/// The exporter skips what it cannot read. Values are credentials more often than not, so none
/// is repeated.
fn check_headers(environment: &Environment, names: &[String]) {
    let Some((variable, list)) = environment.first(names) else {
        return;
    };
    let members = list.split(',').map(str::trim);
    for (index, member) in members.filter(|member| !member.is_empty()).enumerate() {
        let is_header = member.split_once('=').is_some_and(|(name, value)| {
            name.trim().parse::<HeaderName>().is_ok()
                && !value.trim().is_empty()
                && value
                    .chars()
                    .all(|letter| letter.is_ascii_graphic() || letter == ' ')
        });
        if !is_header {
            let number = index + 1;
            environment.warn(
                variable,
                format_args!(": header {number} is not name=value (not shown, as it may be secret); using the others"),
            );
        }
    }
}

#[cfg(not(feature = "tls"))]
fn warn_of_certificates(environment: &Environment, signal: Signal) {
    for setting in ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"] {
        if let Some((variable, path)) = environment.first(&signal.otlp_variables(setting)) {
            let what = "of no use without the feature `tls` of otel-autoconfigure";
            environment.reject(variable, &path, what, "none");
        }
    }
}

/// `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`
pub(crate) fn temporality(environment: &Environment) -> Temporality {
    let name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE".to_owned();
    environment
        .choice(&[name], &TEMPORALITIES, "cumulative")
        .unwrap_or(Temporality::Cumulative)
}

const PROTOCOLS: [(&str, Protocol); 2] = [
    ("grpc", Protocol::Grpc),
    ("http/protobuf", Protocol::HttpProtobuf),
];
const COMPRESSIONS: [(&str, bool); 2] = [("gzip", true), ("none", false)];
const TEMPORALITIES: [(&str, Temporality); 3] = [
    ("cumulative", Temporality::Cumulative),
    ("delta", Temporality::Delta),
    ("lowmemory", Temporality::LowMemory),
];
const TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::{environment, said};

    #[test]
    fn malformed_headers_are_counted_but_not_shown() {
        let names = Signal::Logs.otlp_variables("HEADERS");
        for (list, expected) in [
            ("", vec![]),
            ("api-key=secret, x=y%20z,", vec![]),
            ("api-key=secret,hush", vec![2]),
            ("hush hush=secret,=x,a=", vec![1, 2, 3]),
        ] {
            let environment = environment(&[("OTEL_EXPORTER_OTLP_HEADERS", list)]);
            check_headers(&environment, &names);
            let expected: Vec<_> = expected
                .iter()
                .map(|number| {
                    format!(
                        "OTEL_EXPORTER_OTLP_HEADERS: header {number} is not name=value \
                         (not shown, as it may be secret); using the others"
                    )
                })
                .collect();
            assert_eq!(said(environment), expected, "{list:?}");
        }
    }

    #[test]
    fn settings_of_the_signal_come_before_the_general_ones() {
        let environment = environment(&[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "GRPC"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
            ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "1000"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ]);
        let read: Vec<_> = Signal::ALL
            .into_iter()
            .map(|signal| {
                let target = Target::read(&environment, signal).unwrap();
                (
                    target.protocol,
                    target.timeout.as_secs(),
                    target.is_compressed,
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                (Protocol::HttpProtobuf, 2, false),
                (Protocol::Grpc, 2, true),
                (Protocol::HttpProtobuf, 1, true),
            ]
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn https_without_tls_is_an_error() {
        let environment = environment(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c:4317")]);
        let error = Target::read(&environment, Signal::Traces).unwrap_err();
        assert!(error.to_string().contains("feature `tls`"), "{error}");
    }
}
