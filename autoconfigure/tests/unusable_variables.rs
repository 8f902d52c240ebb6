//! Variables that cannot be used, in the environment of a real process: what is said about them,
//! and about no others.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::{
    io::{self, Read},
    process::Stdio,
    time::Duration,
};

use otel_autoconfigure::Warning;
use support::{Finished, Roles, child, play, run};

const ROLES: Roles = &[("settings", settings), ("unheard", unheard)];

/// Names and values.
type Pairs = &'static [(&'static str, &'static str)];

/// An unusable value, and the end of its warning.
#[test]
fn unusable_values_are_named_with_their_variable_and_what_is_used_instead() {
    play(ROLES);
    const NUMBER: &str = "is not a whole number from 1 to 4294967295; using ";
    const ANY_NUMBER: &str = "is not a whole number from 0 to 4294967295; using ";
    const MILLIS: &str = "is not a number of milliseconds that can be used; using ";
    const FLAG: &str = "is neither true nor false; using false";
    let table: Vec<(&str, &str, String)> = [
        ("OTEL_SDK_DISABLED", "1", FLAG.to_owned()),
        (
            "OTEL_TRACES_EXPORTER",
            "zipkin",
            "is none of otlp, console, none; using otlp".to_owned(),
        ),
        (
            "OTEL_METRICS_EXPORTER",
            "prometheus",
            "is none of otlp, console, none; using otlp".to_owned(),
        ),
        (
            "OTEL_LOGS_EXPORTER",
            "file",
            "is none of otlp, console, none; using otlp".to_owned(),
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "team",
            "is not a list of key=value with percent-encoded values; using no attributes from it"
                .to_owned(),
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "sometimes",
            "is none of always_on, always_off, traceidratio, parentbased_always_on, \
             parentbased_always_off, parentbased_traceidratio; using parentbased_always_on"
                .to_owned(),
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "0", format!("{MILLIS}5000")),
        (
            "OTEL_BSP_EXPORT_TIMEOUT",
            "1s",
            format!("{MILLIS}no limit of its own"),
        ),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", format!("{NUMBER}2048")),
        (
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "x",
            format!("{NUMBER}512"),
        ),
        ("OTEL_BLRP_SCHEDULE_DELAY", "soon", format!("{MILLIS}1000")),
        (
            "OTEL_BLRP_EXPORT_TIMEOUT",
            "-1",
            format!("{MILLIS}no limit of its own"),
        ),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "-1", format!("{NUMBER}2048")),
        (
            "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
            "0",
            format!("{NUMBER}512"),
        ),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", format!("{MILLIS}60000")),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "x", format!("{MILLIS}30000")),
        (
            "OTEL_METRICS_EXEMPLAR_FILTER",
            "trace_based",
            "is not supported by the SDK, which records no exemplars; using always_off".to_owned(),
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "monthly",
            "is none of cumulative, delta, lowmemory; using cumulative".to_owned(),
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "summary",
            "is none of explicit_bucket_histogram, base2_exponential_bucket_histogram; \
             using explicit_bucket_histogram"
                .to_owned(),
        ),
        (
            "OTEL_ATTRIBUTE_COUNT_LIMIT",
            "x",
            format!("{ANY_NUMBER}128"),
        ),
        (
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "x",
            format!("{ANY_NUMBER}no limit"),
        ),
        (
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "x",
            format!("{ANY_NUMBER}no limit"),
        ),
        (
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            "x",
            format!("{ANY_NUMBER}128"),
        ),
        (
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "-1",
            format!("{ANY_NUMBER}128"),
        ),
        (
            "OTEL_SPAN_LINK_COUNT_LIMIT",
            "x",
            format!("{ANY_NUMBER}128"),
        ),
        (
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            "x",
            format!("{ANY_NUMBER}128"),
        ),
        (
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
            "x",
            format!("{ANY_NUMBER}128"),
        ),
        (
            "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
            "5",
            "is not supported for log records by the SDK; using no limit".to_owned(),
        ),
        (
            "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "5",
            "is not supported for log records by the SDK; using no limit".to_owned(),
        ),
        (
            "RUST_LOG",
            "shop=loud",
            "is not a list of directives (error parsing level filter: expected one of \"off\", \
             \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5); using info"
                .to_owned(),
        ),
    ]
    .into();
    let otlp = [
        (
            "PROTOCOL",
            "http/json",
            "is none of grpc, http/protobuf; using that of the port".to_owned(),
        ),
        ("TIMEOUT", "ten", format!("{MILLIS}10000")),
        (
            "COMPRESSION",
            "zstd",
            "is none of gzip, none; using none".to_owned(),
        ),
    ];
    #[cfg(not(feature = "tls"))]
    let otlp = otlp
        .into_iter()
        .chain(
            ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"].map(|setting| {
                let what =
                    "is of no use without the feature `tls` of otel-autoconfigure; using none";
                (setting, "/nowhere", what.to_owned())
            }),
        );
    for (variable, value, ending) in &table {
        assert_warned(variable, value, ending);
    }
    for (setting, value, ending) in otlp {
        for signal in ["", "TRACES_", "METRICS_", "LOGS_"] {
            let variable = format!("OTEL_EXPORTER_OTLP_{signal}{setting}");
            assert_warned(&variable, value, &ending);
        }
    }
}

fn assert_warned(variable: &str, value: &str, ending: &str) {
    let finished = run("settings", &[(variable, value)]);
    let warnings = warnings(&finished);
    let expected = format!("otel_autoconfigure: {variable}={value:?} {ending}");
    assert_eq!(warnings.len(), 1, "{finished:#?}");
    assert!(
        warnings[0].ends_with(&expected),
        "{warnings:#?}, not {expected}"
    );
    assert_eq!(finished.value("warnings"), variable);
}

/// The warnings about settings. They are log records, too, which nothing collects here.
fn warnings(finished: &Finished) -> Vec<&str> {
    let warnings = finished.warnings().into_iter();
    warnings
        .filter(|line| !line.contains(" be exported to "))
        .collect()
}

#[test]
fn values_that_need_another_to_be_wrong_are_named_too() {
    play(ROLES);
    for (variables, expected) in [
        (
            &[
                ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "10%"),
            ][..],
            "OTEL_TRACES_SAMPLER_ARG=\"10%\" is not a number from 0 to 1; using 1.0",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_HEADERS", "key=value,secret")],
            "OTEL_EXPORTER_OTLP_HEADERS: header 2 is not name=value with percent-encoded values \
             (not shown, as it may be secret); using the others",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:9"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_INSECURE", "TRUE"),
                ("OTEL_EXPORTER_OTLP_LOGS_INSECURE", " true "),
                ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "9000"),
            ],
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=\"9000\" is more than OTEL_BSP_MAX_QUEUE_SIZE; \
             using 2048",
        ),
    ] {
        let finished = run("settings", variables);
        let [warning] = warnings(&finished)[..] else {
            panic!("{finished:#?}");
        };
        assert!(warning.ends_with(expected), "{warning}");
    }
}

#[test]
fn warnings_that_no_subscriber_collects_are_on_standard_error() {
    play(ROLES);
    let finished = run("unheard", &UNHEARD);
    assert_eq!(
        finished.stderr,
        "otel-autoconfigure: OTEL_SDK_DISABLED=\"1\" is neither true nor false; using false\n"
    );
}

#[test]
fn closed_standard_error_is_no_reason_to_panic() {
    play(ROLES);
    let mut unheard = child("unheard", &UNHEARD)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(unheard.stderr.take());
    drop(unheard.stdin.take());
    assert!(unheard.wait().unwrap().success());
}

#[test]
fn nothing_is_said_about_what_can_be_used() {
    play(ROLES);
    for variables in [
        &[][..],
        &[
            ("OTEL_SDK_DISABLED", "FALSE"),
            ("OTEL_TRACES_EXPORTER", " OTLP "),
        ],
        &[
            ("OTEL_TRACES_SAMPLER", "ALWAYS_ON"),
            ("OTEL_BSP_SCHEDULE_DELAY", " 100 "),
        ],
        &[
            ("OTEL_SERVICE_NAME", ""),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b%20c,d="),
        ],
        &[("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/PROTOBUF")],
        &[("OTEL_EXPORTER_OTLP_COMPRESSION", "GZIP")],
        &[("OTEL_EXPORTER_OTLP_TIMEOUT", "0")],
        &[("RUST_LOG", "warn,shop=debug")],
    ] {
        let finished = run("settings", variables);
        assert!(
            !finished.stderr.contains("WARN"),
            "{variables:?} {finished:#?}"
        );
        assert_eq!(finished.value("warnings"), "");
    }
}

#[test]
fn contradictions_are_errors() {
    play(ROLES);
    let table: &[(Pairs, &str)] = &[
        (
            &[("OTEL_METRICS_EXPORTER", "otlp,none")],
            "telemetry cannot be set up: metrics: OTEL_METRICS_EXPORTER=\"otlp,none\" asks for no exporter \
             and for one",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://a b")],
            "telemetry cannot be set up: logs: OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=\"http://a b\" is \
             no URL",
        ),
        #[cfg(not(feature = "tls"))]
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317")],
            "telemetry cannot be set up: traces: https://collector:4317 needs the feature `tls` of \
             otel-autoconfigure (without a scheme, an endpoint is https unless \
             OTEL_EXPORTER_OTLP_INSECURE is true)",
        ),
        #[cfg(feature = "tls")]
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"),
                ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "Cargo.toml"),
            ],
            "telemetry cannot be set up: traces: OTEL_EXPORTER_OTLP_CLIENT_KEY=\"Cargo.toml\" is set, and \
             the certificate it belongs to is not",
        ),
        #[cfg(feature = "tls")]
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", "Cargo.toml"),
            ],
            "telemetry cannot be set up: traces: OTEL_EXPORTER_OTLP_CERTIFICATE=\"Cargo.toml\": it holds \
             no certificate",
        ),
    ];
    for (variables, expected) in table {
        let finished = run("settings", variables);
        assert_eq!(finished.value("error"), *expected);
    }
}

/// Only the settings; nothing is exported.
fn settings() {
    let builder = otel_autoconfigure::builder().shutdown_timeout(Duration::ZERO);
    match builder.init() {
        Ok(telemetry) => {
            let warnings = telemetry.warnings().iter();
            let variables: Vec<_> = warnings.map(Warning::variable).collect();
            println!("warnings: {}", variables.join(","));
            drop(telemetry.shutdown());
        }
        Err(error) => println!("error: {error}"),
    }
}

/// Begins when standard input ends, and sets no subscriber.
fn unheard() {
    io::stdin().read_to_string(&mut String::new()).unwrap();
    let builder = otel_autoconfigure::builder().without_subscriber();
    drop(builder.init().unwrap().shutdown());
}

/// A value that is unusable, with nothing to export.
const UNHEARD: [(&str, &str); 4] = [
    ("OTEL_SDK_DISABLED", "1"),
    ("OTEL_TRACES_EXPORTER", "none"),
    ("OTEL_METRICS_EXPORTER", "none"),
    ("OTEL_LOGS_EXPORTER", "none"),
];
