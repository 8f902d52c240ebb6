//! `otlp_http`, `otlp_grpc`, `console`: where spans, metrics and log records go.

use std::time::Duration;

use http::HeaderName;
use http::HeaderValue;
use opentelemetry_sdk::metrics::Temporality;
use otel_otlp_exporter::Protocol;

use super::endpoint::endpoint;
use super::problem::Problem;
use super::section::Section;
use super::section::Value;
#[cfg(feature = "tls")]
use crate::certificates::Certificates;
#[cfg(feature = "tls")]
use crate::certificates::Path;
use crate::endpoint::Endpoint;
use crate::environment::NO_LIMIT;
use crate::headers::listed;
use crate::otlp::Target;
use crate::signal::Signal;

/// The settings of one exporter.
#[derive(Debug)]
pub(super) struct Exporter<'a> {
    /// `None` is the console.
    pub(super) target: Option<Target>,
    pub(super) temporality: Option<Temporality>,
    /// Whether histograms are exponential, and where the file says so.
    pub(super) is_exponential: Option<(bool, Value<'a>)>,
}

/// The exporter. `None`, with a warning, if it is not supported.
pub(super) fn exporter<'a>(
    value: &Value<'a>,
    signal: Signal,
) -> Result<Option<Exporter<'a>>, Problem> {
    let (name, value) = value.choice()?;
    match name {
        "otlp_http" => otlp(&value, signal, Protocol::HttpProtobuf).map(Some),
        "otlp_grpc" => otlp(&value, signal, Protocol::Grpc).map(Some),
        "console" => value
            .mapping(|section| of_metrics(section, signal, None))
            .map(Some),
        "otlp_file/development" => {
            value.warn("not supported, nothing is exported to files");
            Ok(None)
        }
        _ => Err(value.problem(format_args!(
            "`{name}` is no exporter that is known: otlp_http, otlp_grpc, console"
        ))),
    }
}

/// A timeout in milliseconds; zero means no timeout.
pub(super) fn timeout(value: &Value<'_>) -> Result<Duration, Problem> {
    Ok(match value.count(0)? {
        0 => NO_LIMIT,
        millis => Duration::from_millis(millis.into()),
    })
}

fn otlp<'a>(
    value: &Value<'a>,
    signal: Signal,
    protocol: Protocol,
) -> Result<Exporter<'a>, Problem> {
    value.mapping(|section| {
        let tls = section.get("tls");
        let tls = tls
            .map(|tls| tls.mapping(|tls| Tls::read(tls, protocol)))
            .transpose()?;
        let is_insecure = tls.as_ref().is_some_and(|tls| tls.is_insecure);
        let endpoint = section.read("endpoint", |value| {
            endpoint(value, signal, protocol, is_insecure)
        })?;
        let endpoint = endpoint.unwrap_or_else(|| Endpoint::local(signal, protocol));
        let target = Target::new(
            signal,
            endpoint,
            #[cfg(feature = "tls")]
            &tls.unwrap_or_default().certificates,
        );
        let mut target = target.map_err(|error| section.problem(error.reason()))?;
        if let Some(timeout) = section.read("timeout", timeout)? {
            target.timeout = timeout;
        }
        if let Some(compression) = section.get("compression") {
            match compression.text()?.as_str() {
                "gzip" => target.is_compressed = true,
                "none" => {}
                other => compression.warn(format_args!("`{other}` is not supported; using none")),
            }
        }
        if protocol == Protocol::HttpProtobuf
            && let Some(encoding) = section.get("encoding")
            && encoding.one_of(&[("protobuf", false), ("json", true)])?
        {
            encoding.warn("`json` is not supported; using protobuf");
        }
        headers(section, &mut target)?;
        of_metrics(section, signal, Some(target))
    })
}

/// Reads the settings that only exporters of metrics have.
fn of_metrics<'a>(
    section: &mut Section<'a>,
    signal: Signal,
    target: Option<Target>,
) -> Result<Exporter<'a>, Problem> {
    let mut exporter = Exporter {
        target,
        temporality: None,
        is_exponential: None,
    };
    if signal == Signal::Metrics {
        exporter.temporality = section.read("temporality_preference", |value| {
            value.one_of(&TEMPORALITIES)
        })?;
        exporter.is_exponential = section.read("default_histogram_aggregation", |value| {
            Ok((value.one_of(&HISTOGRAMS)?, value.clone()))
        })?;
    }
    Ok(exporter)
}

fn headers(section: &mut Section<'_>, target: &mut Target) -> Result<(), Problem> {
    if let Some(list) = section.get("headers_list") {
        let listed = listed(&list.text()?);
        target.headers = listed.headers;
        for what in listed.complaints {
            list.warn(what);
        }
    }
    let Some(headers) = section.get("headers") else {
        return Ok(());
    };
    for header in headers.list()? {
        let pair = header.mapping(|section| {
            let name = section.required("name")?.text()?;
            Ok((name, section.read("value", Value::text)?))
        })?;
        let (name, Some(value)) = pair else {
            continue;
        };
        let name: HeaderName = name
            .parse()
            .map_err(|_| header.problem(format_args!("`{name}` is no name of a header")))?;
        // The value may be a secret.
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| header.problem("the value (not shown) is none of a header"))?;
        value.set_sensitive(true);
        target.headers.insert(name, value);
    }
    Ok(())
}

/// `tls`
#[derive(Debug, Default)]
struct Tls {
    #[cfg(feature = "tls")]
    certificates: Certificates,
    is_insecure: bool,
}

impl Tls {
    fn read(section: &mut Section<'_>, protocol: Protocol) -> Result<Self, Problem> {
        #[cfg(not(feature = "tls"))]
        for key in ["ca_file", "key_file", "cert_file"] {
            section.unsupported(key, "without the feature `tls` of otel-autoconfigure");
        }
        #[cfg(feature = "tls")]
        let mut path = |key| {
            section.read(key, |value| {
                let path = value.text()?;
                let label = format!("{}={path:?}", value.label());
                Ok(Path { label, path })
            })
        };
        #[cfg(feature = "tls")]
        let certificates = Certificates {
            roots: path("ca_file")?,
            certificate: path("cert_file")?,
            key: path("key_file")?,
        };
        let is_insecure = match protocol {
            Protocol::Grpc => section.read("insecure", Value::bool)?,
            _ => None,
        };
        Ok(Self {
            #[cfg(feature = "tls")]
            certificates,
            is_insecure: is_insecure.unwrap_or(false),
        })
    }
}

const TEMPORALITIES: [(&str, Temporality); 3] = [
    ("cumulative", Temporality::Cumulative),
    ("delta", Temporality::Delta),
    ("low_memory", Temporality::LowMemory),
];
const HISTOGRAMS: [(&str, bool); 2] = [
    ("explicit_bucket_histogram", false),
    ("base2_exponential_bucket_histogram", true),
];
