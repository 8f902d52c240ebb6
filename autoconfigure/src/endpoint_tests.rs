use super::*;
use crate::environment::tests::environment;
use crate::environment::tests::said;

const GENERAL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const TRACES_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
const GRPC: (&str, &str) = (PROTOCOL, "grpc");
const HTTP: (&str, &str) = (PROTOCOL, "http/protobuf");

type Variables = &'static [(&'static str, &'static str)];

#[test]
fn endpoint_is_that_of_the_signal_or_made_from_the_general_one() {
    let cases: &[(Variables, &str, usize)] = &[
        (&[], "http http://localhost:4318/v1/traces", 0),
        (&[GRPC], "grpc http://localhost:4317/", 0),
        (&[(GENERAL, "http://c:1")], "http http://c:1/v1/traces", 0),
        (&[(GENERAL, "http://c:1/")], "http http://c:1/v1/traces", 0),
        (&[(GENERAL, "http://c/x")], "http http://c/x/v1/traces", 0),
        (&[(TRACES, "http://c/x?y=z")], "http http://c/x?y=z", 0),
        (&[(TRACES, "http://c")], "http http://c/", 0),
        // The port of the endpoint that applies decides.
        (&[(GENERAL, "http://c:4317")], "grpc http://c:4317/", 0),
        (
            &[(GENERAL, "http://c:4318")],
            "http http://c:4318/v1/traces",
            0,
        ),
        (
            &[(TRACES, "http://t:4317"), (GENERAL, "http://c:4318")],
            "grpc http://t:4317/",
            0,
        ),
        (
            &[(TRACES, "http://t:4318/x"), (GENERAL, "http://c:4317")],
            "http http://t:4318/x",
            0,
        ),
        (
            &[(GENERAL, "http://[::1]:4317")],
            "grpc http://[::1]:4317/",
            0,
        ),
        // Unless a protocol is set.
        (&[GRPC, (GENERAL, "http://c:443")], "grpc http://c:443/", 0),
        (
            &[GRPC, (GENERAL, "http://c:4318")],
            "grpc http://c:4318/",
            1,
        ),
        (
            &[HTTP, (GENERAL, "http://c:4317")],
            "http http://c:4317/v1/traces",
            1,
        ),
        (
            &[HTTP, (TRACES_PROTOCOL, "grpc"), (GENERAL, "http://c:1")],
            "grpc http://c:1/",
            0,
        ),
        (
            &[(PROTOCOL, "http/json"), (GENERAL, "http://c:4317")],
            "grpc http://c:4317/",
            1,
        ),
        // gRPC accepts an endpoint without a scheme.
        (&[(GENERAL, "c:4317")], "grpc https://c:4317/", 0),
        (
            &[(GENERAL, "c:4317"), (INSECURE, "true")],
            "grpc http://c:4317/",
            0,
        ),
        (&[GRPC, (GENERAL, "c:1")], "grpc https://c:1/", 0),
        (
            &[GRPC, (GENERAL, "http://c:1/base/")],
            "grpc http://c:1/base",
            0,
        ),
        // Probable mistakes.
        (
            &[(GENERAL, "http://c:4318/v1/traces")],
            "http http://c:4318/v1/traces",
            1,
        ),
        (
            &[(GENERAL, "http://c:4318/x/v1/logs/")],
            "http http://c:4318/x/v1/traces",
            1,
        ),
        (
            &[(GENERAL, "http://u:secret@c:4318")],
            "http http://c:4318/v1/traces",
            1,
        ),
        (
            &[(GENERAL, "http://c:4318/?key=secret")],
            "http http://c:4318/v1/traces",
            1,
        ),
        (
            &[(TRACES, "http://u:secret@c:4318/x")],
            "http http://c:4318/x",
            1,
        ),
    ];
    for (variables, expected, warnings) in cases {
        let environment = environment(variables);
        let endpoint = Endpoint::read(&environment, Signal::Traces).unwrap();
        let protocol = match endpoint.protocol {
            Protocol::Grpc => "grpc",
            _ => "http",
        };
        assert_eq!(
            format!("{protocol} {}", endpoint.url),
            *expected,
            "{variables:?}"
        );
        let said = said(environment);
        assert_eq!(said.len(), *warnings, "{variables:?} {said:?}");
        assert!(!said.iter().any(|text| text.contains("secret")), "{said:?}");
    }
}

#[test]
fn unusable_endpoint_is_an_error_that_says_what_to_do() {
    let cases: &[(Variables, &str)] = &[
        (
            &[(GENERAL, "c:443")],
            "OTEL_EXPORTER_OTLP_ENDPOINT=\"c:443\" has no scheme such as http:// \
             (OTEL_EXPORTER_OTLP_PROTOCOL=grpc if the receiver speaks gRPC)",
        ),
        (
            &[HTTP, (GENERAL, "c:4317")],
            "OTEL_EXPORTER_OTLP_ENDPOINT=\"c:4317\" has no scheme such as http:// \
             (OTEL_EXPORTER_OTLP_PROTOCOL=grpc if the receiver speaks gRPC)",
        ),
        (
            &[(TRACES, "ftp://u:secret@c?key=secret")],
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=\"ftp://c\" begins neither with http:// nor with \
             https://",
        ),
        (
            &[(GENERAL, "http://a b")],
            "OTEL_EXPORTER_OTLP_ENDPOINT=\"http://a b\" is no URL",
        ),
        (
            &[(GENERAL, "http://:4318")],
            "OTEL_EXPORTER_OTLP_ENDPOINT=\"http://:4318\" names no host",
        ),
    ];
    for (variables, expected) in cases {
        let error = Endpoint::read(&environment(variables), Signal::Traces).unwrap_err();
        let text = error.to_string();
        let text = text.strip_prefix("telemetry cannot be set up: traces: ");
        assert_eq!(text, Some(*expected), "{error}");
        assert_eq!(error.signal(), Some("traces"));
    }
}

#[test]
fn only_what_is_no_secret_is_shown() {
    let environment = environment(&[(TRACES, "https://u:secret@c:4318/x?key=secret")]);
    let endpoint = Endpoint::read(&environment, Signal::Traces).unwrap();
    assert_eq!(endpoint.place(), "https://c:4318");
    assert_eq!(endpoint.display(), "https://c:4318/x");
}
