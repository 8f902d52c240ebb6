//! Settings of OTLP for one signal, from its own variables and the general ones.

use std::time::Duration;

use http::HeaderMap;
use opentelemetry_sdk::metrics::Temporality;
use otel_otlp_exporter::ExporterBuilder;
use otel_otlp_exporter::Protocol;

#[cfg(feature = "tls")]
use crate::certificates::Certificates;
use crate::endpoint::Endpoint;
use crate::environment::Environment;
use crate::error::InitError;
use crate::headers::headers;
use crate::signal::Signal;

/// Where and how one signal is exported.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    /// The longest time of an attempt.
    pub(crate) timeout: Duration,
    pub(crate) is_compressed: bool,
    pub(crate) headers: HeaderMap,
    #[cfg(feature = "tls")]
    tls: Option<otel_otlp_exporter::Tls>,
}

impl Target {
    /// Sets everything else to its default. The certificates only apply to `https`.
    pub(crate) fn new(
        signal: Signal,
        endpoint: Endpoint,
        #[cfg(feature = "tls")] certificates: &Certificates,
    ) -> Result<Self, InitError> {
        let is_https = endpoint.url.scheme_str() == Some("https");
        #[cfg(not(feature = "tls"))]
        if is_https {
            let [_, insecure] = signal.otlp_variables("INSECURE");
            return Err(InitError::of(
                signal,
                format_args!(
                    "{} needs the feature `tls` of otel-autoconfigure (without a scheme, an \
                     endpoint is https unless {insecure} is true)",
                    endpoint.place(),
                ),
            ));
        }
        Ok(Self {
            endpoint,
            timeout: TIMEOUT,
            is_compressed: false,
            headers: HeaderMap::new(),
            #[cfg(feature = "tls")]
            tls: is_https.then(|| certificates.tls(signal)).transpose()?,
        })
    }

    /// Reads the variables.
    pub(crate) fn read(environment: &Environment, signal: Signal) -> Result<Self, InitError> {
        let names = |setting| signal.otlp_variables(setting);
        let endpoint = Endpoint::read(environment, signal)?;
        #[cfg(not(feature = "tls"))]
        warn_of_certificates(environment, signal);
        let target = Self::new(
            signal,
            endpoint,
            #[cfg(feature = "tls")]
            &Certificates::read(environment, signal),
        )?;
        Ok(Self {
            timeout: environment.timeout(&names("TIMEOUT"), TIMEOUT),
            is_compressed: environment
                .choice(&names("COMPRESSION"), &COMPRESSIONS, "none")
                .unwrap_or(false),
            headers: headers(environment, signal),
            ..target
        })
    }

    /// A builder for its exporter, with everything that the variables set.
    pub(crate) fn exporter(&self) -> ExporterBuilder {
        let Endpoint { protocol, url } = &self.endpoint;
        let builder = ExporterBuilder::new(*protocol, url.to_string())
            .headers(self.headers.clone())
            .attempt_timeout(self.timeout);
        #[cfg(feature = "tls")]
        let builder = match &self.tls {
            Some(tls) => builder.tls(tls.clone()),
            None => builder,
        };
        match self.is_compressed {
            true => builder.gzip(),
            false => builder,
        }
    }

    /// `otlp_http_span_exporter`, the name in the semantic conventions.
    pub(crate) fn component(&self, signal: Signal) -> &'static str {
        match (self.endpoint.protocol, signal) {
            (Protocol::Grpc, Signal::Traces) => "otlp_grpc_span_exporter",
            (Protocol::Grpc, Signal::Metrics) => "otlp_grpc_metric_exporter",
            (Protocol::Grpc, Signal::Logs) => "otlp_grpc_log_exporter",
            (_, Signal::Traces) => "otlp_http_span_exporter",
            (_, Signal::Metrics) => "otlp_http_metric_exporter",
            (_, Signal::Logs) => "otlp_http_log_exporter",
        }
    }

    /// `http://localhost:4318/v1/traces (http/protobuf)`
    pub(crate) fn in_words(&self) -> String {
        let protocol = match self.endpoint.protocol {
            Protocol::Grpc => "grpc",
            _ => "http/protobuf",
        };
        #[cfg(feature = "tls")]
        let roots = match &self.tls {
            Some(tls) if tls.has_bundled_roots() => {
                ", trusting Mozilla's certificates as the system has none"
            }
            _ => "",
        };
        #[cfg(not(feature = "tls"))]
        let roots = "";
        format!("{} ({protocol}{roots})", self.endpoint.display())
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
    use crate::environment::tests::environment;

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
                    target.endpoint.protocol,
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
