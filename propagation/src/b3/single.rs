//! `b3: {trace id}-{span id}[-{state}[-{parent span id}]]`, or the state alone.

use opentelemetry::propagation::{Extractor, Injector};

use super::message::{Ids, Message};
use crate::{hex, sampling::Sampling, whitespace};

pub(super) const FIELDS: [&str; 1] = [B3];

pub(super) fn read(extractor: &dyn Extractor) -> Option<Message> {
    parse(whitespace::trim(extractor.get(B3)?))
}

pub(super) fn write(message: &Message, injector: &mut dyn Injector) {
    let mut header = Vec::with_capacity(LENGTH);
    if let Some(ids) = &message.ids {
        header.extend_from_slice(&hex::of_trace_id(ids.trace_id));
        header.push(b'-');
        header.extend_from_slice(&hex::of_span_id(ids.span_id));
    }
    let state = match message.sampling {
        Sampling::Deny => Some(b'0'),
        Sampling::Accept => Some(b'1'),
        Sampling::Debug => Some(b'd'),
        Sampling::Defer => None,
    };
    if let Some(state) = state {
        if !header.is_empty() {
            header.push(b'-');
        }
        header.push(state);
    }
    injector.set(B3, hex::into_text(header));
}

fn parse(value: &str) -> Option<Message> {
    let mut fields = value.split('-');
    let first = fields.next()?;
    let Some(span_id) = fields.next() else {
        return Some(Message {
            ids: None,
            sampling: state(first)?,
        });
    };
    let ids = Ids::parse(first, span_id)?;
    let sampling = fields.next().map_or(Some(Sampling::Defer), state)?;
    // The parent's own parent is not used, but it has to be a valid id.
    if let Some(grandparent) = fields.next() {
        hex::span_id(grandparent.as_bytes())?;
    }
    fields.next().is_none().then_some(Message {
        ids: Some(ids),
        sampling,
    })
}

fn state(text: &str) -> Option<Sampling> {
    match text {
        "0" => Some(Sampling::Deny),
        "1" => Some(Sampling::Accept),
        "d" => Some(Sampling::Debug),
        _ => None,
    }
}

const B3: &str = "b3";

/// Both ids in full, and a state.
const LENGTH: usize = 32 + 1 + 16 + 2;

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceId};

    use super::*;

    #[test]
    fn valid_values_are_read() {
        let full = || {
            Some(Ids {
                trace_id: TraceId::from(0x80f1_98ee_5634_3ba8_64fe_8b2a_57d3_eff7),
                span_id: SpanId::from(0xe457_b5a2_e4d8_6bd1),
            })
        };
        let short = Some(Ids {
            trace_id: TraceId::from(0x64fe_8b2a_57d3_eff7),
            span_id: SpanId::from(0xe457_b5a2_e4d8_6bd1),
        });
        let cases = [
            (
                "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1",
                full(),
                Sampling::Defer,
            ),
            (
                "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0",
                full(),
                Sampling::Deny,
            ),
            (
                "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
                full(),
                Sampling::Accept,
            ),
            (
                "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d",
                full(),
                Sampling::Debug,
            ),
            (
                "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90",
                full(),
                Sampling::Accept,
            ),
            (
                "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
                short,
                Sampling::Accept,
            ),
            ("0", None, Sampling::Deny),
            ("1", None, Sampling::Accept),
            ("d", None, Sampling::Debug),
        ];
        for (value, ids, sampling) in cases {
            assert_eq!(parse(value), Some(Message { ids, sampling }), "{value:?}");
        }
    }

    #[test]
    fn invalid_values_are_refused() {
        let cases = [
            "",
            "-",
            "2",
            "true",
            "80f198ee56343ba864fe8b2a57d3eff7",
            "80f198ee56343ba864fe8b2a57d3eff7-",
            "80f198ee56343ba864fe8b2a57d3eff7-1",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-2",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-0",
            "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90-",
            "80F198EE56343BA864FE8B2A57D3EFF7-e457b5a2e4d86bd1-1",
            "0f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
            "00000000000000000000000000000000-e457b5a2e4d86bd1-1",
            "0000000000000000-e457b5a2e4d86bd1-1",
            "80f198ee56343ba864fe8b2a57d3eff7-0000000000000000-1",
        ];
        for value in cases {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }
}
