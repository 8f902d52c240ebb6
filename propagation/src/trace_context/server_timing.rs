//! The trace in a response, by the draft of Trace Context Level 3.
//!
//! See <https://w3c.github.io/trace-context/#trace-context-http-response-headers-format>.

use opentelemetry::{Context, trace::TraceContextExt};

use super::traceparent::TraceParent;

/// The value of a `Server-Timing` header that tells a caller which span served the request.
///
/// Append it as a header line of its own, because the application may send timings too. Browsers
/// show it in their developer tools, and scripts read it from
/// `PerformanceResourceTiming.serverTiming`. For another origin, `Timing-Allow-Origin` has to
/// permit it.
///
/// `None` if no span of this process is active. A remote span does not count: it is the caller's
/// own.
///
/// ```
/// use http::HeaderMap;
/// use opentelemetry::{Context, trace::{Tracer, TraceContextExt, TracerProvider}};
/// use otel_propagation::server_timing;
///
/// # let provider = opentelemetry_sdk::trace::SdkTracerProvider::default();
/// let span = provider.tracer("server").start("request");
/// let context = Context::current_with_span(span);
///
/// let mut headers = HeaderMap::new();
/// headers.insert("server-timing", "db;dur=53".parse()?);
/// if let Some(value) = server_timing(&context) {
///     headers.append("server-timing", value.parse()?);
/// }
/// let lines: Vec<_> = headers.get_all("server-timing").iter().collect();
/// let trace_id = context.span().span_context().trace_id();
/// assert_eq!(lines[0], "db;dur=53");
/// assert!(lines[1].to_str()?.starts_with(&format!("trace;desc=00-{trace_id}-")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn server_timing(context: &Context) -> Option<String> {
    let is_remote = context.span().span_context().is_remote();
    let traceparent = TraceParent::of(context).filter(|_| !is_remote)?;
    Some(traceparent.header_after("trace;desc="))
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    use super::*;

    #[test]
    fn only_a_span_of_this_process_is_told() {
        let context = |is_remote, trace_id| {
            Context::new().with_remote_span_context(SpanContext::new(
                TraceId::from(trace_id),
                SpanId::from(0xb),
                TraceFlags::SAMPLED,
                is_remote,
                TraceState::NONE,
            ))
        };
        let told = server_timing(&context(false, 0xa)).unwrap();

        assert_eq!(
            told,
            "trace;desc=00-0000000000000000000000000000000a-000000000000000b-01"
        );
        assert_eq!(told.capacity(), told.len());
        assert_eq!(server_timing(&context(true, 0xa)), None);
        assert_eq!(server_timing(&context(false, 0)), None);
        assert_eq!(server_timing(&Context::new()), None);
    }
}
