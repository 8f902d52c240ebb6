//! Which types are `Send`, `Sync` and `Clone`: a part of the interface that no signature shows. The
//! test is that this compiles.

use std::fmt::Debug;

use http_body_util::Empty;
use otel_instrumentation as instrumentation;
use otel_propagation as propagation;

type Body = Empty<bytes::Bytes>;

fn is_shared<T: Send + Sync + Unpin + Debug>() {}
fn is_cheap_to_have_twice<T: Send + Sync + Clone + Debug>() {}

#[test]
fn configurations_and_layers_are_shared_and_cloned() {
    is_cheap_to_have_twice::<instrumentation::ServerConfig>();
    is_cheap_to_have_twice::<instrumentation::ClientConfig>();
    is_cheap_to_have_twice::<instrumentation::Providers>();
    is_cheap_to_have_twice::<instrumentation::ErrorType>();
    is_cheap_to_have_twice::<instrumentation::HttpServerInstrumentation>();
    is_cheap_to_have_twice::<instrumentation::HttpClientInstrumentation>();
    is_cheap_to_have_twice::<instrumentation::RpcServerInstrumentation>();
    is_cheap_to_have_twice::<instrumentation::RpcClientInstrumentation>();
    is_cheap_to_have_twice::<instrumentation::RouteHandle>();
    is_cheap_to_have_twice::<instrumentation::ServerSpan>();
    is_cheap_to_have_twice::<otel_middleware_axum::OtelLayer>();
    is_cheap_to_have_twice::<otel_middleware_axum::OtelService<()>>();
    is_cheap_to_have_twice::<otel_middleware_actix::OtelMiddleware>();
    is_cheap_to_have_twice::<otel_middleware_reqwest::OtelMiddleware>();
    is_cheap_to_have_twice::<otel_middleware_reqwest::OtelLayer>();
    is_cheap_to_have_twice::<otel_middleware_reqwest::OtelClient<reqwest::Client>>();
    is_cheap_to_have_twice::<otel_middleware_reqwest::UrlTemplate>();
    is_cheap_to_have_twice::<otel_middleware_tonic::OtelServerLayer>();
    is_cheap_to_have_twice::<otel_middleware_tonic::OtelServerService<()>>();
    is_cheap_to_have_twice::<otel_middleware_tonic::OtelClientLayer>();
    is_cheap_to_have_twice::<otel_middleware_tonic::OtelClientService<()>>();
    is_cheap_to_have_twice::<propagation::TraceContextPropagator>();
    is_cheap_to_have_twice::<propagation::BaggagePropagator>();
    is_cheap_to_have_twice::<propagation::B3Propagator>();
    is_cheap_to_have_twice::<propagation::JaegerPropagator>();
    is_cheap_to_have_twice::<propagation::XrayPropagator>();
}

#[test]
fn what_is_carried_through_a_request_crosses_threads() {
    is_shared::<instrumentation::Operation>();
    is_shared::<instrumentation::RpcOperation>();
    is_shared::<instrumentation::Transfer>();
    is_shared::<propagation::CompositePropagator>();
    is_shared::<otel_middleware_axum::ResponseBody<Body>>();
    is_shared::<otel_middleware_axum::ResponseFuture<()>>();
    is_shared::<otel_middleware_tonic::CallBody<Body>>();
    is_shared::<otel_middleware_tonic::OtelServerFuture<()>>();
    is_shared::<otel_middleware_tonic::OtelClientFuture<()>>();
}
