//! `OTEL_CONFIG_FILE`: the receiver gets what the file says.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::{collections::BTreeMap, env, fs, net::SocketAddr, path::PathBuf, process};

use axum::{Router, routing::get};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, number_data_point};
use otel_middleware_axum::OtelLayer;
use support::{Behaviour, Collector, Roles, attribute, play, run};
use tokio::net::TcpListener;

const ROLES: Roles = &[("serve", serve), ("init", init), ("measure", measure)];

/// Of each path.
const REQUESTS: usize = 1_000;
/// The standard deviation of 1000 draws at 10 % is 9.5. One run in a million is further away than
/// this.
const A_TENTH: std::ops::RangeInclusive<usize> = 53..=147;

#[test]
fn probes_are_never_sampled_checkouts_always_and_a_tenth_of_the_rest() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let example = format!("{}/../examples/otel.yaml", env!("CARGO_MANIFEST_DIR"));
    let finished = run(
        "serve",
        &[
            ("OTEL_CONFIG_FILE", &example),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
            ("OTEL_SERVICE_NAME", "shop"),
            // Ignored, because the file does not refer to it.
            ("OTEL_TRACES_SAMPLER", "always_off"),
            ("OTEL_PROPAGATORS", "none"),
        ],
    );
    assert_eq!(finished.warnings(), Vec::<&str>::new());
    let is_told = |line: &&str| line.contains("ignored are OTEL_PROPAGATORS, OTEL_TRACES_SAMPLER");
    assert_eq!(
        finished.stderr.lines().filter(is_told).count(),
        1,
        "{}",
        finished.stderr
    );

    let received = collector.received();
    let mut by_path: BTreeMap<String, usize> = BTreeMap::new();
    for (service, span) in received.spans() {
        assert_eq!(service, "shop");
        let path = attribute(&span.attributes, "url.path").unwrap();
        // The settings of the file for all middlewares.
        let query = attribute(&span.attributes, "url.query").unwrap();
        assert_eq!(query, "token=REDACTED&Signature=1");
        let header = span.attributes.iter();
        let mut header = header.filter(|it| it.key == "http.request.header.x-request-id");
        let value = header.next().unwrap().value.clone().unwrap().value;
        assert!(matches!(value, Some(Value::ArrayValue(ids)) if ids.values.len() == 1));
        let threshold = match path.as_str() {
            "/checkout" => "ot=th:0",
            _ => "ot=th:e666",
        };
        assert_eq!(span.trace_state, threshold, "{path}");
        *by_path.entry(path).or_default() += 1;
    }
    assert_eq!(by_path.get("/healthz"), None);
    assert_eq!(by_path.get("/checkout"), Some(&REQUESTS));
    let rest = by_path["/orders/7"];
    assert!(A_TENTH.contains(&rest), "{rest}");
    assert_eq!(by_path.len(), 2, "{by_path:?}");

    // Every request is measured, and everything arrives at the endpoints of the file.
    let exports = received.exports.iter();
    let paths: std::collections::BTreeSet<_> = exports.map(|(path, _)| path.as_str()).collect();
    assert!(
        paths.contains("/v1/metrics") && paths.contains("/v1/traces"),
        "{paths:?}"
    );
    let gzip = received.exports.iter();
    assert!(
        gzip.into_iter()
            .all(|(_, headers)| headers["content-encoding"] == "gzip")
    );
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_with_its_place() {
    play(ROLES);
    let finished = run("init", &[("OTEL_CONFIG_FILE", "/nowhere/otel.yaml")]);
    let error = finished.value("error");
    let expected = "telemetry cannot be set up: /nowhere/otel.yaml (OTEL_CONFIG_FILE): ";
    assert!(error.starts_with(expected), "{error}");

    let file = File::new(
        "error",
        "file_format: \"1.1\"\ntracer_provider:\n  sampler: {half: }\n  processors: [{simple: {exporter: {console: }}}]\n",
    );
    let finished = run("init", &[("OTEL_CONFIG_FILE", file.path())]);
    let expected = format!(
        "telemetry cannot be set up: {}:3:13: tracer_provider.sampler.half: `half` is none of",
        file.path()
    );
    assert!(
        finished.value("error").starts_with(&expected),
        "{finished:#?}"
    );
}

#[test]
fn what_a_file_does_not_mention_is_not_there() {
    play(ROLES);
    let file = File::new("bare", "file_format: \"1.1\"\nresources: {}\n");
    let finished = run("init", &[("OTEL_CONFIG_FILE", file.path())]);
    assert_eq!(finished.value("providers"), "false false false");
    assert_eq!(finished.value("carried"), "0");
    let warnings = finished.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains(":2:1: resources: this key is not known"),
        "{warnings:?}"
    );

    let file = File::new(
        "disabled",
        "file_format: \"1.1\"\ndisabled: ${OFF}\nlogger_provider: {processors: [{simple: {exporter: {console: }}}]}\n",
    );
    for (off, expected) in [("true", "false false false"), ("false", "false false true")] {
        let variables = [("OTEL_CONFIG_FILE", file.path()), ("OFF", off)];
        assert_eq!(
            run("init", &variables).value("providers"),
            expected,
            "{off}"
        );
    }
}

/// Otherwise every request would add labels of a metric that nobody collects.
#[test]
fn what_is_not_exported_has_no_provider_unless_it_is_that_of_spans() {
    play(ROLES);
    let none = |signal| (signal, "none");
    let all = [
        none("OTEL_TRACES_EXPORTER"),
        none("OTEL_METRICS_EXPORTER"),
        none("OTEL_LOGS_EXPORTER"),
    ];
    // Spans have ids that are sent to other services.
    assert_eq!(run("init", &all).value("providers"), "true false false");
}

#[test]
fn two_exporters_of_one_signal_both_get_everything() {
    play(ROLES);
    let (one, other) = (
        Collector::start(Behaviour::Accept),
        Collector::start(Behaviour::Accept),
    );
    let text = "file_format: \"1.1\"\ntracer_provider:\n  processors:\n    - batch: {exporter: {otlp_http: {endpoint: \"${ONE}/v1/traces\", headers: [{name: api-key, value: 12}]}}}\n    - batch: {exporter: {otlp_grpc: {endpoint: \"${OTHER}\"}}}\n    - batch: {exporter: {otlp_grpc: {endpoint: \"${OTHER}\"}}}\n";
    let file = File::new("two", text);
    let finished = run(
        "init",
        &[
            ("OTEL_CONFIG_FILE", file.path()),
            ("ONE", &one.http),
            ("OTHER", &other.grpc),
        ],
    );
    assert_eq!(finished.value("providers"), "true false false");
    assert_eq!(one.received().spans().count(), 1);
    assert_eq!(one.received().exports[0].1["api-key"], "12");
    assert_eq!(other.received().spans().count(), 2);
}

#[test]
fn views_and_limits_of_a_file_shape_what_arrives() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let text = "\
file_format: \"1.1\"
meter_provider:
  readers:
    - periodic:
        exporter: {otlp_http: {endpoint: \"${COLLECTOR}/v1/metrics\"}}
        cardinality_limits: {default: 10}
  views:
    - selector: {instrument_name: shop.latency}
      stream:
        name: shop.duration
        attribute_keys: {included: [route]}
        aggregation: {explicit_bucket_histogram: {boundaries: [1, 2]}}
    - selector: {instrument_name: shop.noise}
      stream: {aggregation: {drop: }}
";
    let file = File::new("views", text);
    let variables = [
        ("OTEL_CONFIG_FILE", file.path()),
        ("COLLECTOR", &collector.http),
    ];
    assert_eq!(run("measure", &variables).warnings(), Vec::<&str>::new());

    let received = collector.received();
    let metrics: BTreeMap<_, _> = received
        .metrics()
        .into_iter()
        .filter(|metric| metric.name.starts_with("shop."))
        .map(|metric| (metric.name.as_str(), metric.data.clone().unwrap()))
        .collect();
    let names: Vec<_> = metrics.keys().copied().collect();
    assert_eq!(names, ["shop.duration", "shop.orders"]);

    let Data::Histogram(duration) = &metrics["shop.duration"] else {
        panic!("{metrics:?}")
    };
    // One point, because no attribute is left that would distinguish several.
    let [point] = &duration.data_points[..] else {
        panic!("{duration:?}")
    };
    assert_eq!(point.explicit_bounds, [1.0, 2.0]);
    assert_eq!(point.count, MEASUREMENTS);
    assert_eq!(point.attributes.len(), 1);
    assert_eq!(attribute(&point.attributes, "route").unwrap(), "/orders");

    let Data::Sum(orders) = &metrics["shop.orders"] else {
        panic!("{metrics:?}")
    };
    let is_beyond = |point: &&NumberDataPoint| {
        let mut attributes = point.attributes.iter();
        attributes.any(|it| it.key == "otel.metric.overflow")
    };
    let count = |point: &NumberDataPoint| match point.value {
        Some(number_data_point::Value::AsInt(count)) => u64::try_from(count).unwrap(),
        _ => panic!("{point:?}"),
    };
    let points = &orders.data_points;
    assert!(points.len() <= 11, "{}", points.len());
    assert_eq!(points.iter().map(count).sum::<u64>(), MEASUREMENTS);
    let beyond: u64 = points.iter().filter(is_beyond).map(count).sum();
    assert!(beyond >= MEASUREMENTS - 10, "{beyond}");
}

/// Measures with three instruments, each time with another value of the attribute.
fn measure() {
    use opentelemetry::{KeyValue, global};
    let telemetry = otel_autoconfigure::init().unwrap();
    let meter = global::meter("shop");
    let latency = meter.f64_histogram("shop.latency").build();
    let (noise, orders) = (
        meter.u64_counter("shop.noise").build(),
        meter.u64_counter("shop.orders").build(),
    );
    for number in 0..i64::try_from(MEASUREMENTS).unwrap() {
        let order = KeyValue::new("order", number);
        latency.record(1.5, &[KeyValue::new("route", "/orders"), order.clone()]);
        noise.add(1, &[]);
        orders.add(1, &[order]);
    }
    telemetry.shutdown().unwrap();
}

const MEASUREMENTS: u64 = 50;

/// Sets up telemetry, or prints the error. Makes one span if there is a provider.
fn init() {
    use opentelemetry::trace::{Tracer, TracerProvider};
    let telemetry = match otel_autoconfigure::init() {
        Ok(telemetry) => telemetry,
        Err(error) => {
            println!("error: {error}");
            return;
        }
    };
    let (traces, metrics, logs) = (
        telemetry.tracer_provider().is_some(),
        telemetry.meter_provider().is_some(),
        telemetry.logger_provider().is_some(),
    );
    println!("providers: {traces} {metrics} {logs}");
    let mut carrier = std::collections::HashMap::new();
    let context = {
        use opentelemetry::{Context, KeyValue, baggage::BaggageExt};
        Context::new().with_baggage([KeyValue::new("a", "b")])
    };
    otel_propagation::inject(&context, &mut carrier);
    println!("carried: {}", carrier.len());
    if let Some(provider) = telemetry.tracer_provider() {
        drop(provider.tracer("test").start("span"));
    }
    telemetry.shutdown().unwrap();
}

#[tokio::main]
async fn serve() {
    let telemetry = otel_autoconfigure::init().unwrap();
    let answer = || async { "" };
    let app = Router::new()
        .route("/healthz", get(answer))
        .route("/checkout", get(answer))
        .route("/orders/{id}", get(answer))
        .layer(OtelLayer::new())
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..REQUESTS {
        for path in ["/healthz", "/checkout", "/orders/7"] {
            let url = format!("{url}{path}?token=1&Signature=1");
            let request = client.get(url).header("x-request-id", "1");
            assert!(request.send().await.unwrap().status().is_success());
        }
    }
    telemetry.shutdown().unwrap();
}

/// A file that is removed on drop.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("otel-autoconfigure-{}-{name}.yaml", process::id());
        let path = env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
