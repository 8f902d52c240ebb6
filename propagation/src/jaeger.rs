//! Jaeger's own format, from before it spoke W3C Trace Context.
//!
//! See <https://www.jaegertracing.io/docs/1.76/client-libraries/#propagation-format>.

mod baggage;

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    baggage::BaggageExt,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, SpanId, TraceContextExt, TraceId, TraceState},
};
use percent_encoding::percent_decode_str;

use crate::{hex, sampling::Sampling, whitespace};

/// Carries the trace in `uber-trace-id` and baggage in headers that start with `uberctx-`.
///
/// **Deprecated**: OpenTelemetry's specification keeps this format for services that still speak
/// nothing else. Jaeger itself has understood W3C Trace Context for years.
///
/// Extraction accepts ids without their leading zeros, and percent-encoded values. The debug flag
/// makes the remote span a sampled one and is passed on. Without a valid `uber-trace-id` the trace
/// is left unchanged. Incoming baggage, 64 entries at most, replaces all the baggage of the
/// context. Its properties are not carried, and HTTP makes its keys lower-case.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::{Context, propagation::TextMapPropagator};
/// use otel_propagation::JaegerPropagator;
///
/// let received = HashMap::from([
///     ("uber-trace-id".to_owned(), "7f3a%3A1c%3A0%3A1".to_owned()),
///     ("uberctx-tenant".to_owned(), "acme%20inc".to_owned()),
/// ]);
/// let propagator = JaegerPropagator::new();
/// let context = propagator.extract_with_context(&Context::new(), &received);
///
/// let mut sent = HashMap::new();
/// propagator.inject_context(&context, &mut sent);
/// assert_eq!(
///     sent["uber-trace-id"],
///     "00000000000000000000000000007f3a:000000000000001c:0:01"
/// );
/// assert_eq!(sent["uberctx-tenant"], "acme%20inc");
/// ```
#[derive(Clone, Debug, Default)]
pub struct JaegerPropagator {
    _private: (),
}

impl JaegerPropagator {
    /// Creates the propagator; there is nothing to configure.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TextMapPropagator for JaegerPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span_context = span.span_context();
        if span_context.is_valid() {
            let sampling = Sampling::of(context, span_context);
            injector.set(TRACE, header(span_context, sampling));
        }
        baggage::write(context.baggage(), injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let context = match extractor.get(TRACE).and_then(parse) {
            Some((parent, sampling)) => sampling
                .remember(context, parent.trace_id())
                .with_remote_span_context(parent),
            None => context.clone(),
        };
        let baggage = baggage::read(extractor);
        if baggage.is_empty() {
            context
        } else {
            context.with_baggage(baggage)
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [TRACE.to_owned()]);
        FieldIter::new(FIELDS.as_slice())
    }
}

/// Reads `{trace id}:{span id}:{parent span id}:{flags}`; the parent span id has no meaning any
/// more.
fn parse(value: &str) -> Option<(SpanContext, Sampling)> {
    let value = whitespace::trim(value);
    if value.len() > MAX_LENGTH {
        return None;
    }
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let mut fields = value.split(':');
    let trace_id = TraceId::from(hex::decode_padded::<32>(fields.next()?)?);
    let span_id = u64::try_from(hex::decode_padded::<16>(fields.next()?)?).ok()?;
    let _parent = fields.next()?;
    let flags = u8::try_from(hex::decode_padded::<2>(fields.next()?)?).ok()?;
    if fields.next().is_some() {
        return None;
    }

    let sampling = match (flags & DEBUG != 0, flags & SAMPLED != 0) {
        (true, _) => Sampling::Debug,
        (false, true) => Sampling::Accept,
        (false, false) => Sampling::Deny,
    };
    let parent = SpanContext::new(
        trace_id,
        SpanId::from(span_id),
        sampling.flags(),
        true,
        TraceState::NONE,
    );
    parent.is_valid().then_some((parent, sampling))
}

fn header(span_context: &SpanContext, sampling: Sampling) -> String {
    let flags = match sampling {
        Sampling::Deny | Sampling::Defer => 0,
        Sampling::Accept => SAMPLED,
        Sampling::Debug => SAMPLED | DEBUG,
    };
    let mut header = Vec::with_capacity(LENGTH);
    header.extend_from_slice(&hex::of_trace_id(span_context.trace_id()));
    header.push(b':');
    header.extend_from_slice(&hex::of_span_id(span_context.span_id()));
    header.extend_from_slice(b":0:");
    header.extend_from_slice(&hex::of_byte(flags));
    hex::into_text(header)
}

const TRACE: &str = "uber-trace-id";

const SAMPLED: u8 = 0x01;
const DEBUG: u8 = 0x02;

/// Both ids in full, the parent as `0`, two digits of flags.
const LENGTH: usize = 32 + 1 + 16 + 3 + 2;

/// The length with a parent's id and every byte percent-encoded.
const MAX_LENGTH: usize = 3 * (LENGTH + 15);

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use opentelemetry::{KeyValue, trace::TraceFlags};

    use super::*;

    #[test]
    fn valid_values_are_read() {
        let cases = [
            (
                "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:1",
                Sampling::Accept,
            ),
            (
                "4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:0:0",
                Sampling::Deny,
            ),
            (
                " 4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:1c:01 ",
                Sampling::Accept,
            ),
            (
                "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:03",
                Sampling::Debug,
            ),
            (
                "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:2",
                Sampling::Debug,
            ),
            (
                "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7::f9",
                Sampling::Accept,
            ),
            (
                "4bf92f3577b34da6a3ce929d0e0e4736%3A00f067aa0ba902b7%3a0%3A1",
                Sampling::Accept,
            ),
        ];
        for (value, sampling) in cases {
            let parent = SpanContext::new(
                TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
                SpanId::from(0x00f0_67aa_0ba9_02b7),
                sampling.flags(),
                true,
                TraceState::NONE,
            );
            assert_eq!(parse(value), Some((parent, sampling)), "{value:?}");
        }
        let short = parse("1:2:0:1").map(|(parent, _)| (parent.trace_id(), parent.span_id()));
        assert_eq!(short, Some((TraceId::from(1), SpanId::from(2))));
    }

    #[test]
    fn invalid_values_are_refused() {
        let cases = [
            "",
            ":::",
            "1",
            "1:2:0",
            "1:2:0:",
            "1:2:0:1:",
            "0:2:0:1",
            "1:0:0:1",
            "g:2:0:1",
            "A:2:0:1",
            "1:12345678901234567:0:1",
            "123456789012345678901234567890123:2:0:1",
            "1:2:0:100",
            "1:2:0:001",
            "1:00000000000000002:0:1",
            "1:2:0:-1",
            "%FF:2:0:1",
            &format!("1:2:{}:1", "0".repeat(300)),
        ];
        for value in cases {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }

    #[test]
    fn debug_flag_is_passed_on() {
        for (received, sent) in [("0", "00"), ("1", "01"), ("3", "03")] {
            let carrier = forward(&[("uber-trace-id", &format!("1:2:0:{received}"))]);

            assert_eq!(
                carrier["uber-trace-id"],
                format!("00000000000000000000000000000001:0000000000000002:0:{sent}")
            );
        }
    }

    #[test]
    fn extraction_of_nothing_changes_nothing() {
        let before = Context::new()
            .with_baggage([KeyValue::new("a", "1")])
            .with_remote_span_context(SpanContext::new(
                TraceId::from(1),
                SpanId::from(2),
                TraceFlags::SAMPLED,
                true,
                TraceState::NONE,
            ));
        let received = HashMap::from([("uber-trace-id".to_owned(), "1:2".to_owned())]);

        let after = JaegerPropagator::new().extract_with_context(&before, &received);

        assert_eq!(after.span().span_context(), before.span().span_context());
        assert_eq!(after.baggage().len(), 1);
    }

    fn forward(received: &[(&str, &str)]) -> HashMap<String, String> {
        let mut headers = http::HeaderMap::new();
        for (name, value) in received {
            headers.insert(
                http::HeaderName::try_from(*name).unwrap(),
                http::HeaderValue::try_from(*value).unwrap(),
            );
        }
        let propagator = JaegerPropagator::new();
        let context =
            propagator.extract_with_context(&Context::new(), &crate::HeaderExtractor(&headers));
        let mut sent = HashMap::new();
        propagator.inject_context(&context, &mut sent);
        sent
    }
}
