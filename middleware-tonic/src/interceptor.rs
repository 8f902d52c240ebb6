//! Propagation alone, as an interceptor instead of a layer.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tonic::{Request, Status};

use crate::{MetadataExtractor, MetadataInjector};

/// Reads the caller's context from a call's metadata and puts it into the request's extensions.
///
/// An interceptor cannot attach a context to the handler that runs after it. The handler gets the
/// context by `request.extensions().get::<Context>()` and puts it into the extensions of its own
/// requests, where [`inject_context`] looks first. If a span is current already, as inside
/// [`OtelServerLayer`](crate::OtelServerLayer), the current context is put there instead.
///
/// It never refuses a call.
///
/// ```
/// use opentelemetry::Context;
/// use tonic::service::interceptor::InterceptedService;
/// use tonic::{Request, Response, Status};
/// # use tonic_health::pb::health_server::HealthServer;
///
/// // As `GreeterServer::with_interceptor(greeter, extract_context)` does.
/// let (_, health) = tonic_health::server::health_reporter();
/// let server = InterceptedService::new(health, otel_middleware_tonic::extract_context);
/// # let _ = server;
///
/// async fn say_hello(request: Request<String>) -> Result<Response<String>, Status> {
///     let caller = request.extensions().get::<Context>().cloned().unwrap_or_default();
///     let mut onward = Request::new(request.into_inner());
///     onward.extensions_mut().insert(caller);
///     # Ok(Response::new(onward.into_inner()))
///     // … other.say_hello(onward).await
/// }
/// # let _ = say_hello;
/// ```
pub fn extract_context(mut request: Request<()>) -> Result<Request<()>, Status> {
    let current = Context::current();
    let context = if current.span().span_context().is_valid() {
        current
    } else {
        otel_propagation::extract(&current, &MetadataExtractor::new(request.metadata()))
    };
    request.extensions_mut().insert(context);
    Ok(request)
}

/// Writes the context into a call's metadata: the one in the request's extensions, or the current
/// one if there is none.
///
/// It never fails a call.
///
/// ```
/// use tonic::transport::Endpoint;
/// use tonic_health::pb::health_client::HealthClient;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channel = Endpoint::from_static("http://127.0.0.1:50051").connect_lazy();
/// let client = HealthClient::with_interceptor(channel, otel_middleware_tonic::inject_context);
/// # let _ = client;
/// # }
/// ```
pub fn inject_context(mut request: Request<()>) -> Result<Request<()>, Status> {
    let context = match request.extensions().get::<Context>() {
        Some(context) => context.clone(),
        None => Context::current(),
    };
    if !context.is_telemetry_suppressed() {
        let mut carrier = MetadataInjector::new(request.metadata_mut());
        otel_propagation::inject(&context, &mut carrier);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt;

    use super::*;

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn context_passes_from_a_call_to_the_next() {
        let mut incoming = Request::new(());
        incoming
            .metadata_mut()
            .insert("traceparent", TRACEPARENT.parse().unwrap());
        incoming
            .metadata_mut()
            .insert("baggage", "tenant=acme".parse().unwrap());

        let incoming = extract_context(incoming).unwrap();
        let context = incoming.extensions().get::<Context>().unwrap().clone();
        assert!(context.span().span_context().is_remote());

        let mut outgoing = Request::new(());
        outgoing.extensions_mut().insert(context);
        let outgoing = inject_context(outgoing).unwrap();
        let sent = |name| outgoing.metadata().get(name).unwrap().to_str().unwrap();
        assert_eq!(sent("traceparent"), TRACEPARENT);
        assert_eq!(sent("baggage"), "tenant=acme");
    }

    #[test]
    fn without_a_context_nothing_is_sent() {
        let request = inject_context(Request::new(())).unwrap();

        assert!(request.metadata().is_empty());
    }
}
