//! Compares our encoding with that of opentelemetry-proto, for any spans.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it fails by panicking, in tests and below a fuzzer"
)]

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;

use crate::encode::EncodedSpans;
use crate::encode::SpanEncoder;
use crate::encode::source::Source;

/// The spans made from these bytes are encoded as opentelemetry-proto and prost encode them, in one
/// request and in several.
pub(crate) fn check(bytes: &[u8]) {
    let mut source = Source(bytes);
    let largest = 1 << source.below(18);
    let resource = source.resource();
    let spans = source.spans();
    assert_same(&resource, &spans);
    assert_splits(&SpanEncoder::new(&resource).encode(&spans), largest);
}

/// A receiver reads the same message, and the encoding is not a byte longer.
pub(crate) fn assert_same(resource: &Resource, spans: &[SpanData]) {
    let expected = ExportTraceServiceRequest {
        resource_spans: group_spans_by_resource_and_scope(spans.to_vec(), &resource.into()),
    };
    let encoded = SpanEncoder::new(resource).encode(spans);
    assert_eq!(encoded.len(), spans.len());
    let request = encoded.request(&(0..spans.len()));
    let read = read(&request);
    // Messages with a NaN are never equal.
    if read.encode_to_vec() != expected.encode_to_vec() {
        assert_eq!(read, expected);
        panic!("{read:?} is not {expected:?}");
    }
    assert_eq!(request.len(), expected.encoded_len());
}

/// The parts together hold the same as the whole. Each is as large as allowed, and is larger only
/// if it holds a single span.
pub(crate) fn assert_splits(encoded: &EncodedSpans, largest: usize) {
    let whole = 0..encoded.len();
    let mut parts = Vec::new();
    let mut start = 0;
    while start < encoded.len() {
        let end = encoded.fitting(&(start..encoded.len()), largest);
        let request = encoded.request(&(start..end));
        assert!(request.len() <= largest || end == start + 1);
        if end < encoded.len() {
            assert!(encoded.request(&(start..end + 1)).len() > largest);
        }
        assert_eq!(request.len(), read(&request).encoded_len());
        parts.extend(listed(&request));
        start = end;
    }
    assert_eq!(parts, listed(&encoded.request(&whole)));
}

fn read(request: &Bytes) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(&**request).unwrap()
}

/// Each span with its resource and its scope.
fn listed(request: &Bytes) -> Vec<Vec<u8>> {
    let mut listed = Vec::new();
    for resource in read(request).resource_spans {
        for scope in resource.scope_spans.clone() {
            for span in scope.spans.clone() {
                let mut scope = scope.clone();
                scope.spans = vec![span];
                let mut resource = resource.clone();
                resource.scope_spans = vec![scope];
                listed.push(resource.encode_to_vec());
            }
        }
    }
    listed
}
