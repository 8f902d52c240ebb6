//! The floor of a middleware for reqwest-middleware.

use async_trait::async_trait;
use http::Extensions;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, KeyValue};
use otel_propagation::HeaderInjector;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::{Handles, status_code};

/// The middleware.
#[derive(Clone, Debug)]
pub struct Floor(pub Handles);

#[async_trait]
impl Middleware for Floor {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let operation = self.0.start(Context::current(), || span(&request));
        let mut carrier = HeaderInjector(request.headers_mut());
        otel_propagation::inject(&operation.context, &mut carrier);
        let context = operation.context.clone();
        let response = next.run(request, extensions).with_context(context).await?;
        operation.end(status_code(response.status().as_u16()), |status| {
            [
                KeyValue::new("http.request.method", "GET"),
                KeyValue::new("server.address", "shop.example"),
                KeyValue::new("server.port", 8080),
                status,
                KeyValue::new("network.protocol.version", "1.1"),
            ]
        });
        Ok(response)
    }
}

fn span(request: &Request) -> SpanBuilder {
    let mut attributes = Vec::with_capacity(6);
    attributes.push(KeyValue::new("http.request.method", "GET"));
    attributes.push(KeyValue::new("url.full", request.url().as_str().to_owned()));
    attributes.push(KeyValue::new("server.address", "shop.example"));
    attributes.push(KeyValue::new("server.port", 8080));
    attributes.push(KeyValue::new("network.protocol.version", "1.1"));
    SpanBuilder {
        span_kind: Some(SpanKind::Client),
        attributes: Some(attributes),
        ..SpanBuilder::from_name("GET")
    }
}
