//! The trace header of AWS X-Ray, which AWS's load balancers and gateways write.
//!
//! See <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, SpanId, TraceContextExt, TraceId, TraceState},
};

use crate::{hex, sampling::Sampling, whitespace};

/// Carries the trace in `X-Amzn-Trace-Id`.
///
/// Extraction needs a valid `Root` and a valid `Parent`, in any order; otherwise the context is
/// returned unchanged. It ignores unknown fields such as `Lineage`. A load balancer that starts a
/// trace sends no `Parent`, so the first service behind it starts its own. If `Sampled` is `?` or
/// absent, the caller leaves the decision open, and samplers see an unsampled parent.
///
/// The SDK's trace ids are random throughout. X-Ray accepts them, although it once read the time
/// from the first eight digits.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::{Context, propagation::TextMapPropagator, trace::TraceContextExt};
/// use otel_propagation::XrayPropagator;
///
/// let received = HashMap::from([(
///     "x-amzn-trace-id".to_owned(),
///     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".to_owned(),
/// )]);
/// let propagator = XrayPropagator::new();
/// let context = propagator.extract_with_context(&Context::new(), &received);
/// assert!(context.span().span_context().is_sampled());
///
/// let mut sent = HashMap::new();
/// propagator.inject_context(&context, &mut sent);
/// assert_eq!(sent, received);
/// ```
#[derive(Clone, Debug, Default)]
pub struct XrayPropagator {
    _private: (),
}

impl XrayPropagator {
    /// Creates the propagator; there is nothing to configure.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TextMapPropagator for XrayPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span_context = span.span_context();
        if span_context.is_valid() {
            let sampling = Sampling::of(context, span_context);
            injector.set(TRACE, header(span_context, sampling));
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let Some((parent, sampling)) = extractor.get(TRACE).and_then(parse) else {
            return context.clone();
        };
        sampling
            .remember(context, parent.trace_id())
            .with_remote_span_context(parent)
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [TRACE.to_owned()]);
        FieldIter::new(FIELDS.as_slice())
    }
}

fn parse(value: &str) -> Option<(SpanContext, Sampling)> {
    let mut trace_id = TraceId::INVALID;
    let mut span_id = SpanId::INVALID;
    let mut sampling = Sampling::Defer;
    for field in value.split(';') {
        match whitespace::trim(field).split_once('=') {
            Some(("Root", root)) => trace_id = parse_root(root)?,
            Some(("Parent", parent)) => span_id = hex::span_id(parent.as_bytes())?,
            Some(("Sampled", "0")) => sampling = Sampling::Deny,
            Some(("Sampled", "1")) => sampling = Sampling::Accept,
            Some(("Sampled", "?")) => sampling = Sampling::Defer,
            Some(("Sampled", _)) => return None,
            _ => {}
        }
    }
    let parent = SpanContext::new(trace_id, span_id, sampling.flags(), true, TraceState::NONE);
    parent.is_valid().then_some((parent, sampling))
}

/// Reads `1-{8 digits}-{24 digits}`: a version, and the trace id in two parts.
fn parse_root(root: &str) -> Option<TraceId> {
    let [b'1', b'-', ids @ ..] = root.as_bytes() else {
        return None;
    };
    let (time, [b'-', unique @ ..]) = ids.split_first_chunk::<8>()? else {
        return None;
    };
    let time = hex::decode::<8>(time)?;
    let unique = hex::decode::<24>(unique)?;
    Some(TraceId::from(time << 96 | unique))
}

fn header(span_context: &SpanContext, sampling: Sampling) -> String {
    let trace_id = hex::of_trace_id(span_context.trace_id());
    let (time, unique) = trace_id.split_at(8);
    let mut header = Vec::with_capacity(LENGTH);
    header.extend_from_slice(b"Root=1-");
    header.extend_from_slice(time);
    header.push(b'-');
    header.extend_from_slice(unique);
    header.extend_from_slice(b";Parent=");
    header.extend_from_slice(&hex::of_span_id(span_context.span_id()));
    header.extend_from_slice(match sampling {
        Sampling::Deny => b";Sampled=0",
        Sampling::Accept | Sampling::Debug => b";Sampled=1",
        Sampling::Defer => b";Sampled=?",
    });
    hex::into_text(header)
}

const TRACE: &str = "x-amzn-trace-id";

/// `Root=1-{8}-{24};Parent={16};Sampled={1}`.
const LENGTH: usize = 7 + 8 + 1 + 24 + 8 + 16 + 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_values_are_read_and_written_again() {
        const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let cases = [
            (
                "{};Parent=53995c3f42cd8ad8;Sampled=1",
                Sampling::Accept,
                "1",
            ),
            ("{};Parent=53995c3f42cd8ad8;Sampled=0", Sampling::Deny, "0"),
            ("{};Parent=53995c3f42cd8ad8;Sampled=?", Sampling::Defer, "?"),
            ("{};Parent=53995c3f42cd8ad8", Sampling::Defer, "?"),
            (
                "Sampled=1;Parent=53995c3f42cd8ad8;{}",
                Sampling::Accept,
                "1",
            ),
            (
                " Self=1-2-3; {} ;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:1;",
                Sampling::Accept,
                "1",
            ),
        ];
        for (value, sampling, sampled) in cases {
            let (parent, parsed) = parse(&value.replace("{}", ROOT)).unwrap();

            assert_eq!(
                parent.trace_id(),
                TraceId::from(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793)
            );
            assert_eq!(parent.span_id(), SpanId::from(0x5399_5c3f_42cd_8ad8));
            assert_eq!(parsed, sampling, "{value:?}");
            let header = header(&parent, parsed);
            assert_eq!(
                header,
                format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled={sampled}")
            );
            assert_eq!(header.capacity(), header.len());
        }
    }

    #[test]
    fn invalid_values_are_refused() {
        let cases = [
            "",
            ";;;",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            "Parent=53995c3f42cd8ad8;Sampled=1",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0000000000000000",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=2",
            "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8",
            "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-5759e98-bd862e3fe1be46a9942727933;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a9942727933;Parent=53995c3f42cd8ad8",
            "Root=1-5759E988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "root=1-5759e988-bd862e3fe1be46a994272793;parent=53995c3f42cd8ad8",
        ];
        for value in cases {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }
}
