//! reqwest → axum → tonic → actix → reqwest, with many requests at once on shared connections.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use futures_util::future::join_all;
use integration_tests::apps::peer::Peer;
use integration_tests::apps::tonic::{routes, serve_routes};
use integration_tests::apps::{Controller, actix, axum::serve};
use integration_tests::contract::rpc::{Greeter, greeter};
use integration_tests::contract::server::Served;
use integration_tests::observed::spans_of;
use integration_tests::wire::in_time;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::OtelLayer;
use otel_middleware_reqwest::OtelMiddleware;
use otel_middleware_tonic::{ClientConfig, OtelServerLayer, ServerConfig};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tonic::transport::Server;

const REQUESTS: usize = 200;

/// The spans of each request, from the root of its trace to the last child.
const HOPS: [(&str, SpanKind); 7] = [
    ("GET", SpanKind::Client),
    ("GET /orders", SpanKind::Server),
    ("example.Greeter/SayHello", SpanKind::Client),
    ("example.Greeter/SayHello", SpanKind::Server),
    ("GET", SpanKind::Client),
    ("GET /prices", SpanKind::Server),
    ("GET", SpanKind::Client),
];

/// The id of a request travels as baggage, and every hop records it.
const ID: &str = "test.request.id";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_do_not_mix_on_their_way_through_all_frameworks() {
    let capture = Capture::new();
    let peer = Peer::start().await;
    let prices = prices(&capture, peer.address());
    let stock = stock(&capture, prices.address()).await;
    let orders = orders(&capture, stock.address()).await;
    let client = reqwest(&capture);
    let requests = (0..REQUESTS).map(|id| {
        let (client, url) = (
            client.clone(),
            format!("http://{}/orders", orders.address()),
        );
        let context = Context::new().with_baggage([KeyValue::new(ID, id.to_string())]);
        async move { assert_eq!(ask(&client, url).await, id.to_string()) }.with_context(context)
    });
    in_time("all answers", join_all(requests)).await;

    let spans = [(SpanKind::Client, 4), (SpanKind::Server, 3)];
    let mut traces = HashMap::<TraceId, Vec<SpanData>>::new();
    for (kind, hops) in spans {
        for span in spans_of(&capture, kind, hops * REQUESTS).await {
            let trace = span.span_context.trace_id();
            traces.entry(trace).or_default().push(span);
        }
    }
    let chains: BTreeSet<_> = traces.values().map(|spans| chain(spans)).collect();
    let asked: BTreeSet<_> = peer
        .asked()
        .iter()
        .map(|headers| {
            let text = |name: &str| headers[name].to_str().expect("text").to_owned();
            (text("baggage"), text("traceparent"))
        })
        .collect();
    assert_eq!(traces.len(), REQUESTS);
    assert_eq!(chains, asked);
    let ids: BTreeSet<_> = chains.into_iter().map(|(baggage, _)| baggage).collect();
    assert_eq!(ids, (0..REQUESTS).map(|id| format!("{ID}={id}")).collect());
}

/// Checks the spans of one trace, and returns the headers that the end of the chain must have got.
fn chain(spans: &[SpanData]) -> (String, String) {
    assert_eq!(spans.len(), HOPS.len(), "{spans:#?}");
    let id = attribute(&spans[0]);
    let mut parent = SpanId::INVALID;
    for (name, kind) in HOPS {
        let mut children = spans.iter().filter(|span| span.parent_span_id == parent);
        let span = children.next().expect("a child");
        assert!(children.next().is_none(), "a second child");
        assert_eq!((&*span.name, &span.span_kind), (name, &kind));
        assert_eq!(attribute(span), id, "{name}");
        parent = span.span_context.span_id();
    }
    let trace = spans[0].span_context.trace_id();
    (format!("{ID}={id}"), format!("00-{trace}-{parent}-01"))
}

fn attribute(span: &SpanData) -> &Value {
    let mut attributes = span.attributes.iter();
    let id = attributes.find(|it| it.key.as_str() == ID);
    &id.expect("an id").value
}

/// The id of the request, which is in its baggage.
fn current_id() -> String {
    let context = Context::current();
    context.baggage().get(ID).expect("an id").to_string()
}

fn server(capture: &Capture) -> ServerConfig {
    ServerConfig::new()
        .providers(capture.providers())
        .attributes(|_, attributes| attributes.span(KeyValue::new(ID, current_id())))
}

fn client(capture: &Capture) -> ClientConfig {
    ClientConfig::new()
        .providers(capture.providers())
        .attributes(|_, attributes| attributes.span(KeyValue::new(ID, current_id())))
}

/// One connection to each server, which all requests share.
fn reqwest(capture: &Capture) -> ClientWithMiddleware {
    let http2 = ::reqwest::Client::builder().http2_prior_knowledge();
    ClientBuilder::new(http2.build().expect("a client"))
        .with(OtelMiddleware::with_config(client(capture)))
        .build()
}

async fn ask(client: &ClientWithMiddleware, url: String) -> String {
    let answer = client.get(url).send().await.expect("an answer");
    answer.text().await.expect("a text")
}

/// A client and the address that it calls.
type NextHop = (ClientWithMiddleware, String);

/// axum, which calls tonic, and answers with the id from its baggage.
async fn orders(capture: &Capture, stock: SocketAddr) -> Served {
    async fn order(State(mut stock): State<Greeter>) -> String {
        let answer = stock.say_hello(current_id()).await.expect("an answer");
        assert_eq!(answer.into_inner(), format!("Hello {}", current_id()));
        current_id()
    }
    let router = Router::new()
        .route("/orders", get(order))
        .layer(OtelLayer::with_config(server(capture)))
        .with_state(greeter(stock, client(capture)));
    serve(router).await
}

/// tonic, which calls actix before it greets.
async fn stock(capture: &Capture, prices: SocketAddr) -> Served {
    async fn price(State((client, url)): State<NextHop>, call: Request, next: Next) -> Response {
        assert_eq!(ask(&client, url).await, current_id());
        next.run(call).await
    }
    let next = (reqwest(capture), format!("http://{prices}/prices"));
    let router = routes(Controller::new(capture)).into_axum_router();
    let router = router.layer(from_fn_with_state(next, price));
    let layer = OtelServerLayer::with_config(server(capture));
    serve_routes(Server::builder().layer(layer), router.into()).await
}

/// actix, which calls an application without telemetry, and returns its answer.
fn prices(capture: &Capture, peer: SocketAddr) -> Served {
    async fn price(next: Data<NextHop>) -> String {
        let (client, url) = next.get_ref();
        ask(client, format!("{url}?{}", current_id())).await
    }
    let otel = otel_middleware_actix::OtelMiddleware::with_config(server(capture));
    let next = Data::new((reqwest(capture), format!("http://{peer}/query")));
    actix::serve(|listener| {
        let app = move || {
            App::new()
                .wrap(otel.clone())
                .app_data(next.clone())
                .route("/prices", web::get().to(price))
        };
        let server = HttpServer::new(app).workers(2).disable_signals();
        server.listen_auto_h2c(listener).map(HttpServer::run)
    })
}
