//! Where OTLP goes: `OTEL_EXPORTER_OTLP_ENDPOINT`, as the protocol wants it.

use http::Uri;

use crate::{environment::Environment, signal::Signal};

/// How OTLP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    HttpProtobuf,
}

/// The address to export to, and what it consists of.
pub(crate) fn endpoint(
    environment: &Environment,
    signal: Signal,
    protocol: Protocol,
) -> (String, Uri) {
    let names = signal.otlp_variables("ENDPOINT");
    for name in &names {
        let Some(value) = environment.text(name) else {
            continue;
        };
        let is_general = Some(name) == names.last();
        let endpoint = complete(environment, signal, protocol, &value, is_general);
        if let Some(uri) = usable(&endpoint) {
            warn_of_port(environment, name, &value, &uri, protocol);
            return (endpoint, uri);
        }
        environment.reject(
            name,
            &value,
            "not a URL that can be exported to",
            protocol.default(),
        );
    }
    let endpoint = match protocol {
        Protocol::Grpc => protocol.default().to_owned(),
        Protocol::HttpProtobuf => format!("{}/{}", protocol.default(), signal.path()),
    };
    let uri = usable(&endpoint).unwrap_or_default();
    (endpoint, uri)
}

/// The general endpoint gets the path of the signal with HTTP; gRPC tolerates a missing scheme.
fn complete(
    environment: &Environment,
    signal: Signal,
    protocol: Protocol,
    value: &str,
    is_general: bool,
) -> String {
    match protocol {
        Protocol::Grpc if value.contains("://") => value.to_owned(),
        Protocol::Grpc => {
            let names = signal.otlp_variables("INSECURE");
            let is_insecure = environment
                .first(&names)
                .is_some_and(|(name, _)| environment.flag(name));
            format!("http{}://{value}", if is_insecure { "" } else { "s" })
        }
        Protocol::HttpProtobuf if is_general => {
            format!("{}/{}", value.trim_end_matches('/'), signal.path())
        }
        Protocol::HttpProtobuf => value.to_owned(),
    }
}

fn usable(endpoint: &str) -> Option<Uri> {
    let uri: Uri = endpoint.parse().ok()?;
    let is_http = matches!(uri.scheme_str()?, "http" | "https");
    (is_http && !uri.host()?.is_empty()).then_some(uri)
}

/// The most frequent mistake, which otherwise shows as an error of HTTP/2 framing.
fn warn_of_port(environment: &Environment, name: &str, value: &str, uri: &Uri, protocol: Protocol) {
    let (other, variable) = match (uri.port_u16(), protocol) {
        (Some(4318), Protocol::Grpc) => ("http/protobuf", "grpc"),
        (Some(4317), Protocol::HttpProtobuf) => ("grpc", "http/protobuf"),
        _ => return,
    };
    environment.warn(
        name,
        format_args!(
            "={value:?} has the port of {other}; using {variable} \
             (OTEL_EXPORTER_OTLP_PROTOCOL={other} if that is meant)"
        ),
    );
}

/// Without the user information, which may hold a password.
pub(crate) fn collector(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let host = uri.host().unwrap_or_default();
    match uri.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

impl Protocol {
    fn default(self) -> &'static str {
        match self {
            Self::Grpc => "http://localhost:4317",
            Self::HttpProtobuf => "http://localhost:4318",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::{environment, said};

    #[test]
    fn endpoint_is_that_of_the_signal_or_made_from_the_general_one() {
        const GENERAL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
        let grpc = Protocol::Grpc;
        let http = Protocol::HttpProtobuf;
        type Variables = &'static [(&'static str, &'static str)];
        let cases: [(Protocol, Variables, &str, usize); 15] = [
            (grpc, &[], "http://localhost:4317", 0),
            (http, &[], "http://localhost:4318/v1/traces", 0),
            (grpc, &[(GENERAL, "http://c:1")], "http://c:1", 0),
            (http, &[(GENERAL, "http://c:1")], "http://c:1/v1/traces", 0),
            (http, &[(GENERAL, "http://c:1/")], "http://c:1/v1/traces", 0),
            (http, &[(GENERAL, "http://c/x")], "http://c/x/v1/traces", 0),
            (http, &[(TRACES, "http://c/x")], "http://c/x", 0),
            (
                grpc,
                &[(TRACES, "http://t:1"), (GENERAL, "http://c:1")],
                "http://t:1",
                0,
            ),
            (grpc, &[(GENERAL, "c:1")], "https://c:1", 0),
            (
                grpc,
                &[(GENERAL, "c:1"), (INSECURE, "true")],
                "http://c:1",
                0,
            ),
            (
                http,
                &[(GENERAL, "c:1")],
                "http://localhost:4318/v1/traces",
                1,
            ),
            (grpc, &[(GENERAL, "ftp://c")], "http://localhost:4317", 1),
            (grpc, &[(GENERAL, "http://a b")], "http://localhost:4317", 1),
            (grpc, &[(GENERAL, "http://c:4318")], "http://c:4318", 1),
            (http, &[(TRACES, "http://c:4317/")], "http://c:4317/", 1),
        ];
        for (protocol, variables, expected, warnings) in cases {
            let environment = environment(variables);
            let (endpoint, _) = endpoint(&environment, Signal::Traces, protocol);
            assert_eq!(endpoint, expected, "{variables:?}");
            assert_eq!(said(environment).len(), warnings, "{variables:?}");
        }
    }

    #[test]
    fn password_of_an_endpoint_is_not_told() {
        let uri = "http://ada:secret@collector:4317/x".parse().unwrap();
        assert_eq!(collector(&uri), "http://collector:4317");
    }
}
