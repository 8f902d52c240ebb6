//! The endpoint and the protocol of OTLP: `OTEL_EXPORTER_OTLP_ENDPOINT` and `_PROTOCOL`.

use http::Uri;
use otel_otlp_exporter::Protocol;

use crate::environment::Environment;
use crate::error::InitError;
use crate::proxy::warn_of_proxy;
use crate::signal::Signal;

/// The endpoint of one signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) protocol: Protocol,
    /// The URL of the receiver. Over gRPC the path of the call is added.
    pub(crate) url: Uri,
}

impl Endpoint {
    /// Reads the variables of the signal, or else the general ones.
    ///
    /// If no protocol is set, the port decides: 4317 means gRPC by convention.
    pub(crate) fn read(environment: &Environment, signal: Signal) -> Result<Self, InitError> {
        let names = signal.otlp_variables("PROTOCOL");
        let protocol = environment.choice(&names, &PROTOCOLS, "that of the port");
        let names = signal.otlp_variables("ENDPOINT");
        let Some((name, value)) = environment.first(&names) else {
            return Ok(Self::local(
                signal,
                protocol.unwrap_or(Protocol::HttpProtobuf),
            ));
        };
        let is_general = names.last().is_some_and(|general| general == name);
        let by_port = match port(&value) {
            Some(4317) => Protocol::Grpc,
            _ => Protocol::HttpProtobuf,
        };
        let protocol = protocol.unwrap_or(by_port);
        let unusable = |why: &str| {
            let [_, variable] = signal.otlp_variables("PROTOCOL");
            let hint = match (why, protocol) {
                (NO_SCHEME, Protocol::HttpProtobuf) => {
                    format!(" ({variable}=grpc if the receiver speaks gRPC)")
                }
                _ => String::new(),
            };
            let value = without_credentials(&value);
            InitError::of(signal, format_args!("{name}={value:?} {why}{hint}"))
        };
        let url = with_scheme(environment, signal, protocol, &value).ok_or(unusable(NO_SCHEME))?;
        let url: Uri = url.parse().map_err(|_| unusable("is no URL"))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) {
            return Err(unusable("begins neither with http:// nor with https://"));
        }
        if url.host().unwrap_or_default().is_empty() {
            return Err(unusable("names no host"));
        }
        let parts = Written {
            environment,
            name,
            signal,
            protocol,
            is_general,
        };
        let url = parts.url(&url).ok_or(unusable("is no URL"))?;
        warn_of_port(environment, name, &url, protocol);
        warn_of_proxy(environment, &url);
        Ok(Self { protocol, url })
    }

    /// The default endpoint of a receiver on the same machine.
    pub(crate) fn local(signal: Signal, protocol: Protocol) -> Self {
        let url = match (protocol, signal) {
            (Protocol::Grpc, _) => Uri::from_static("http://localhost:4317"),
            (_, Signal::Traces) => Uri::from_static("http://localhost:4318/v1/traces"),
            (_, Signal::Metrics) => Uri::from_static("http://localhost:4318/v1/metrics"),
            (_, Signal::Logs) => Uri::from_static("http://localhost:4318/v1/logs"),
        };
        Self { protocol, url }
    }

    /// Scheme, host and port, which signals with the same receiver share.
    pub(crate) fn place(&self) -> String {
        let scheme = self.url.scheme_str().unwrap_or("http");
        let host = self.url.host().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }
    }

    /// The URL without its query, which may contain a secret.
    pub(crate) fn display(&self) -> String {
        match self.protocol {
            Protocol::Grpc if self.url.path() == "/" => self.place(),
            _ => format!("{}{}", self.place(), self.url.path()),
        }
    }

    /// The port of the connection.
    pub(crate) fn port(&self) -> u16 {
        let by_scheme = if self.url.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        self.url.port_u16().unwrap_or(by_scheme)
    }
}

/// The value of a variable, and its interpretation.
struct Written<'a> {
    environment: &'a Environment,
    name: &'a str,
    signal: Signal,
    protocol: Protocol,
    is_general: bool,
}

impl Written<'_> {
    /// The URL for the signal: with HTTP, a general endpoint gets the signal's path.
    fn url(&self, url: &Uri) -> Option<Uri> {
        let warn = |what: &str| self.environment.warn(self.name, what);
        let authority = url.authority()?.as_str();
        let authority = match authority.rsplit_once('@') {
            Some((_, authority)) => {
                warn(
                    ": user and password in the URL (not shown) are not sent; \
                     OTEL_EXPORTER_OTLP_HEADERS=authorization=... is",
                );
                authority
            }
            None => authority,
        };
        let is_whole = self.protocol == Protocol::HttpProtobuf && !self.is_general;
        if url.query().is_some() && !is_whole {
            warn(": the query of the URL (not shown) is not sent");
        }
        let scheme = url.scheme_str()?;
        if is_whole {
            let path = url.path_and_query().map_or("/", |path| path.as_str());
            return format!("{scheme}://{authority}{path}").parse().ok();
        }
        let mut path = url.path().trim_end_matches('/');
        let ending = Signal::ALL
            .into_iter()
            .find_map(|signal| path.strip_suffix(signal.path())?.strip_suffix('/'));
        if let Some(rest) = ending
            && self.is_general
        {
            warn(
                ": its path is that of one signal, and it is for all of them; using it without \
                 (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is for traces only)",
            );
            path = rest;
        }
        let added = match self.protocol {
            Protocol::HttpProtobuf => format!("/{}", self.signal.path()),
            _ => String::new(),
        };
        format!("{scheme}://{authority}{path}{added}").parse().ok()
    }
}

/// gRPC accepts an endpoint without a scheme.
fn with_scheme(
    environment: &Environment,
    signal: Signal,
    protocol: Protocol,
    value: &str,
) -> Option<String> {
    if value.contains("://") {
        return Some(value.to_owned());
    }
    if protocol != Protocol::Grpc {
        return None;
    }
    let names = signal.otlp_variables("INSECURE");
    let is_insecure = environment
        .first(&names)
        .is_some_and(|(name, _)| environment.flag(name));
    Some(format!(
        "http{}://{value}",
        if is_insecure { "" } else { "s" }
    ))
}

/// The port in a URL, with or without a scheme.
fn port(value: &str) -> Option<u16> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

/// The URL without user, password and query.
pub(crate) fn without_credentials(value: &str) -> String {
    let value = value.split('?').next().unwrap_or_default();
    let Some((before, after)) = value.rsplit_once('@') else {
        return value.to_owned();
    };
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{after}")
}

/// Warns about a port of the other protocol, which is a common mistake.
fn warn_of_port(environment: &Environment, name: &str, url: &Uri, protocol: Protocol) {
    let (port, other, used) = match (url.port_u16(), protocol) {
        (Some(4318), Protocol::Grpc) => (4318, "http/protobuf", "grpc"),
        (Some(4317), Protocol::HttpProtobuf) => (4317, "grpc", "http/protobuf"),
        _ => return,
    };
    environment.warn(
        name,
        format_args!(
            " has port {port}, which is that of {other}; using {used} \
             (OTEL_EXPORTER_OTLP_PROTOCOL={other} if that is meant)"
        ),
    );
}

const NO_SCHEME: &str = "has no scheme such as http://";
const PROTOCOLS: [(&str, Protocol); 2] = [
    ("grpc", Protocol::Grpc),
    ("http/protobuf", Protocol::HttpProtobuf),
];

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
