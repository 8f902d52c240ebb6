//! Head sampling over three services: as many traces as configured, and each of them whole.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{self, Read},
    net::SocketAddr,
};

use axum::{Router, http::HeaderMap, routing::get};
use otel_middleware_axum::OtelLayer;
use otel_middleware_reqwest::OtelMiddleware;
use reqwest_middleware::ClientBuilder;
use support::{Behaviour, Collector, Roles, Started, play};
use tokio::{net::TcpListener, sync::oneshot};

const ROLES: Roles = &[("serve", serve)];

/// The standard deviation of 1000 draws at 10 % is 9.5. One run in a million is further away than
/// this.
const REQUESTS: usize = 1_000;
const EXPECTED: std::ops::RangeInclusive<usize> = 53..=147;

#[test]
fn a_tenth_of_the_traces_is_recorded_and_each_is_whole() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let back = Service::start("back", "", &collector);
    let middle = Service::start("middle", &back.url, &collector);
    let front = Service::start("front", &middle.url, &collector);

    let propagated = requests(&front.url);
    for service in [front, middle, back] {
        // The end exports the last spans.
        service.process.end();
    }

    // Sampled or not, every request has its own trace in all services.
    let trace_ids: BTreeSet<_> = propagated.iter().map(|header| &header[3..35]).collect();
    assert_eq!(trace_ids.len(), REQUESTS);
    let sampled: BTreeSet<_> = propagated
        .iter()
        .filter(|header| header.ends_with("-01"))
        .map(|header| header[3..35].to_owned())
        .collect();
    assert!(EXPECTED.contains(&sampled.len()), "{}", sampled.len());

    let received = collector.received();
    let mut traces: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (service, span) in received.spans() {
        let trace_id = span
            .trace_id
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        traces.entry(trace_id).or_default().push(service);
    }
    assert!(traces.keys().eq(&sampled));
    for services in traces.values_mut() {
        services.sort();
        assert_eq!(*services, ["back", "front", "front", "middle", "middle"]);
    }
}

/// The `traceparent` that `back` received, for each request.
#[tokio::main]
async fn requests(url: &str) -> Vec<String> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut propagated = Vec::new();
    for _ in 0..REQUESTS {
        let answer = client.get(url).send().await.unwrap();
        propagated.push(answer.text().await.unwrap());
    }
    propagated
}

/// A process that answers with the answer of the next one.
struct Service {
    process: Started,
    url: String,
}

impl Service {
    fn start(name: &str, next: &str, collector: &Collector) -> Self {
        let variables = [
            ("NEXT", next),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str()),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_SERVICE_NAME", name),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
        ];
        let mut process = Started::new("serve", &variables);
        let url = process.hear("url: ");
        Self { process, url }
    }
}

#[tokio::main]
async fn serve() {
    let telemetry = otel_autoconfigure::init().unwrap();
    let next = env::var("NEXT").unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = ClientBuilder::new(client)
        .with(OtelMiddleware::new())
        .build();
    let answer = async move |headers: HeaderMap| match next.as_str() {
        "" => headers["traceparent"].to_str().unwrap().to_owned(),
        next => {
            let answer = client.get(next).send().await.unwrap();
            answer.text().await.unwrap()
        }
    };
    let app = Router::new()
        .route("/", get(answer))
        .layer(OtelLayer::new())
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("url: http://{}/", listener.local_addr().unwrap());

    let (sender, stopped) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        io::stdin().read_to_string(&mut String::new()).unwrap();
        drop(sender);
    });
    tokio::select! {
        served = axum::serve(listener, app) => served.unwrap(),
        _ = stopped => {}
    }
    telemetry.shutdown().unwrap();
}
