//! Every middleware, built with the oldest opentelemetry.

use otel_middleware_actix::OtelMiddleware;
use otel_middleware_axum::OtelLayer;
use otel_middleware_tonic::{OtelClientLayer, OtelServerLayer};

fn main() {
    let layers = (
        OtelMiddleware::new(),
        OtelLayer::new(),
        otel_middleware_reqwest::OtelMiddleware::new(),
        OtelServerLayer::new(),
        OtelClientLayer::new(),
    );
    println!("{layers:?}");
}
