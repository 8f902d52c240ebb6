//! The part of a request with spans that the receiver reads; the rest is skipped.

use bytes::Bytes;
use prost::Message;

use crate::setup::{PARENT_ID, TRACE_ID};

/// An `ExportTraceServiceRequest`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SpansRequest {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<Resource>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<Scope>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "bytes", tag = "1")]
    trace_id: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    span_id: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    parent_span_id: Bytes,
}

impl SpansRequest {
    /// The ids of the spans that are children of the benchmarks' caller or begin a trace; other
    /// spans do not count.
    pub(super) fn ids(&self) -> impl Iterator<Item = [u8; 8]> {
        let trace_id = u128::from_str_radix(TRACE_ID, 16).map(u128::to_be_bytes);
        let parent_id = u64::from_str_radix(PARENT_ID, 16).map(u64::to_be_bytes);
        let scopes = self.resources.iter().flat_map(|resource| &resource.scopes);
        let spans = scopes.flat_map(|scope| &scope.spans);
        let is_below_caller = move |span: &&Span| {
            trace_id.as_ref().is_ok_and(|id| span.trace_id == id[..])
                && parent_id
                    .as_ref()
                    .is_ok_and(|id| span.parent_span_id == id[..])
        };
        let is_root = |span: &Span| span.parent_span_id.iter().all(|byte| *byte == 0);
        spans
            .filter(move |span| is_root(span) || is_below_caller(span))
            .filter_map(|span| span.span_id.as_ref().try_into().ok())
    }
}
