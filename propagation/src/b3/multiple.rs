//! One header for each part: `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-Sampled`, `X-B3-Flags`.
//!
//! They are written in lower case, which HTTP/2 and gRPC require.

use opentelemetry::propagation::{Extractor, Injector};

use super::message::{Ids, Message};
use crate::{hex, sampling::Sampling, whitespace};

pub(super) const FIELDS: [&str; 4] = [TRACE_ID, SPAN_ID, SAMPLED, FLAGS];

pub(super) fn read(extractor: &dyn Extractor) -> Option<Message> {
    let get = |field| extractor.get(field).map(whitespace::trim);
    let sampling = match (get(FLAGS), get(SAMPLED)) {
        // Debug implies sampled, so it does not matter what the other header says.
        (Some("1"), _) => Sampling::Debug,
        (_, Some(sampled)) => state(sampled)?,
        (_, None) => Sampling::Defer,
    };
    let ids = match (get(TRACE_ID), get(SPAN_ID)) {
        (Some(trace_id), Some(span_id)) => Some(Ids::parse(trace_id, span_id)?),
        (None, None) if sampling != Sampling::Defer => None,
        _ => return None,
    };
    Some(Message { ids, sampling })
}

pub(super) fn write(message: &Message, injector: &mut dyn Injector) {
    if let Some(ids) = &message.ids {
        let trace_id = hex::of_trace_id(ids.trace_id).to_vec();
        let span_id = hex::of_span_id(ids.span_id).to_vec();
        injector.set(TRACE_ID, hex::into_text(trace_id));
        injector.set(SPAN_ID, hex::into_text(span_id));
    }
    match message.sampling {
        Sampling::Deny => injector.set(SAMPLED, "0".to_owned()),
        Sampling::Accept => injector.set(SAMPLED, "1".to_owned()),
        Sampling::Debug => injector.set(FLAGS, "1".to_owned()),
        Sampling::Defer => {}
    }
}

/// Early tracers wrote booleans.
fn state(text: &str) -> Option<Sampling> {
    match text {
        "1" | "true" | "True" | "TRUE" => Some(Sampling::Accept),
        "0" | "false" | "False" | "FALSE" => Some(Sampling::Deny),
        _ => None,
    }
}

const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use opentelemetry::trace::{SpanId, TraceId};

    use super::*;

    #[test]
    fn valid_headers_are_read() {
        let ids = || {
            Some(Ids {
                trace_id: TraceId::from(0x64fe_8b2a_57d3_eff7),
                span_id: SpanId::from(0xe457_b5a2_e4d8_6bd1),
            })
        };
        let trace = ("X-B3-TraceId", "64fe8b2a57d3eff7");
        let span = ("X-B3-SpanId", "e457b5a2e4d86bd1");
        let parent = ("X-B3-ParentSpanId", "05e3ac9a4f6e3b90");
        let cases: [(&[(&str, &str)], _, _); 9] = [
            (&[trace, span], ids(), Sampling::Defer),
            (&[trace, span, ("X-B3-Sampled", "0")], ids(), Sampling::Deny),
            (
                &[trace, span, ("X-B3-Sampled", " 1 ")],
                ids(),
                Sampling::Accept,
            ),
            (
                &[trace, span, ("X-B3-Sampled", "false")],
                ids(),
                Sampling::Deny,
            ),
            (
                &[trace, span, ("X-B3-Sampled", "True"), parent],
                ids(),
                Sampling::Accept,
            ),
            (&[trace, span, ("X-B3-Flags", "1")], ids(), Sampling::Debug),
            (&[trace, span, ("X-B3-Flags", "0")], ids(), Sampling::Defer),
            (&[("X-B3-Sampled", "0")], None, Sampling::Deny),
            (
                &[("X-B3-Flags", "1"), ("X-B3-Sampled", "x")],
                None,
                Sampling::Debug,
            ),
        ];
        for (headers, ids, sampling) in cases {
            let expected = Some(Message { ids, sampling });
            assert_eq!(read(&carrier(headers)), expected, "{headers:?}");
        }
    }

    #[test]
    fn invalid_headers_are_refused() {
        let trace = ("X-B3-TraceId", "64fe8b2a57d3eff7");
        let span = ("X-B3-SpanId", "e457b5a2e4d86bd1");
        let cases: [&[(&str, &str)]; 6] = [
            &[],
            &[trace],
            &[span, ("X-B3-Sampled", "1")],
            &[trace, span, ("X-B3-Sampled", "2")],
            &[trace, ("X-B3-SpanId", "1")],
            &[("X-B3-TraceId", "4fe8b2a57d3eff7"), span],
        ];
        for headers in cases {
            assert_eq!(read(&carrier(headers)), None, "{headers:?}");
        }
    }

    fn carrier(headers: &[(&str, &str)]) -> HashMap<String, String> {
        headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), (*value).to_owned()))
            .collect()
    }
}
