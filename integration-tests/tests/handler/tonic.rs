//! The page in tonic.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use futures_util::TryStreamExt;
use integration_tests::apps::greeter::{GreeterClient, Text};
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SpanData;
use otel_middleware_tonic::OtelServerLayer;
use tonic::server::Grpc;
use tonic::{Code, Request, Response, Status};
use tower::{Layer, service_fn};

use crate::snippets;
use crate::spans::{Watch, assert_below, assert_children, assert_declined};
use crate::tonic_snippets::{Rows, declined_call, export_call};

type Answer = Pin<Box<dyn Future<Output = Result<Response<String>, Status>> + Send>>;
type Work = fn(Request<String>) -> Answer;

#[tokio::test]
async fn server_span_is_found_and_told() {
    for (server, _, _) in calls(|_| answer(snippets::attribute()), 0).await {
        let attribute = KeyValue::new("shop.basket.size", 3);
        assert!(server.attributes.contains(&attribute));
    }
    for (server, _, code) in calls(|order| Box::pin(declined_call(order)), 0).await {
        assert_eq!(code, Code::FailedPrecondition);
        assert_declined(&server, "the bank said no");
    }
    for (server, _, _) in calls(|_| answer(snippets::rename()), 0).await {
        assert_eq!(server.name, "GET checkout");
    }
}

#[tokio::test]
async fn work_that_goes_on_elsewhere_stays_in_the_trace() {
    for (server, others, _) in calls(|_| answer(snippets::start_a_task()), 2).await {
        assert_below(&server, &others, "reserve", 2);
    }
    for (server, others, _) in calls(|_| answer(snippets::block()), 1).await {
        assert_below(&server, &others, "print", 1);
    }
}

#[tokio::test]
async fn stream_is_below_the_server_span_even_if_the_handler_has_one() {
    #[tracing::instrument(skip_all)]
    async fn handler(order: Request<String>) -> Result<Response<Rows>, Status> {
        export_call(order).await
    }
    type Stream = fn(Request<String>) -> Pin<Box<dyn Future<Output = StreamAnswer> + Send>>;
    type StreamAnswer = Result<Response<Rows>, Status>;
    let plain: Stream = |order| Box::pin(export_call(order));
    let instrumented: Stream = |order| Box::pin(handler(order));
    for (work, others) in [(plain, 2), (instrumented, 3)] {
        let watch = Watch::begin().await;
        let server = service_fn(
            move |request: http::Request<tonic::body::Body>| async move {
                let mut grpc = Grpc::new(Text);
                Ok::<_, Infallible>(grpc.server_streaming(service_fn(work), request).await)
            },
        );
        let mut client = GreeterClient::new(OtelServerLayer::new().layer(server));
        let rows = client.expand("a".to_owned()).await.expect("a stream");
        let rows: Vec<_> = rows.into_inner().try_collect().await.expect("rows");
        assert_eq!(rows, ["1", "2"]);
        let (server, others) = watch.spans(others).await;
        assert_children(&server, &others, "pack", 2);
    }
}

fn answer<T>(work: impl Future<Output = T> + Send + 'static) -> Answer {
    Box::pin(async {
        work.await;
        Ok(Response::new(String::new()))
    })
}

/// The spans of a call to this handler, and the call's outcome, once as it is and once with a span
/// of its own: the server span, and `others` other spans, not counting that of the handler.
async fn calls(work: Work, others: usize) -> [(SpanData, Vec<SpanData>, Code); 2] {
    #[tracing::instrument(skip_all)]
    async fn handler(work: Work, order: Request<String>) -> Result<Response<String>, Status> {
        work(order).await
    }
    let instrumented = move |order| handler(work, order);
    [
        call(work, others).await,
        call(instrumented, others + 1).await,
    ]
}

async fn call<F>(
    work: impl Fn(Request<String>) -> F + Copy + Send + Sync + 'static,
    others: usize,
) -> (SpanData, Vec<SpanData>, Code)
where
    F: Future<Output = Result<Response<String>, Status>> + Send + 'static,
{
    let watch = Watch::begin().await;
    let server = service_fn(
        move |request: http::Request<tonic::body::Body>| async move {
            let mut grpc = Grpc::new(Text);
            Ok::<_, Infallible>(grpc.unary(service_fn(work), request).await)
        },
    );
    let mut client = GreeterClient::new(OtelServerLayer::new().layer(server));
    let code = match client.say_hello("a".to_owned()).await {
        Ok(_) => Code::Ok,
        Err(status) => status.code(),
    };
    let (server, others) = watch.spans(others).await;
    (server, others, code)
}
