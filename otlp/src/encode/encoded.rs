//! A request with spans, from which requests with some of these spans can be made.

use std::ops::Range;

use bytes::Bytes;

use super::wire::Writer;
use super::wire::field_len;

/// Spans encoded as one request. The spans themselves are no longer needed.
#[derive(Debug)]
pub(crate) struct EncodedSpans {
    /// The whole request.
    pub(super) bytes: Bytes,
    /// The field of the resource, and that of its schema.
    pub(super) resource: Bytes,
    pub(super) schema_url: Bytes,
    pub(super) scopes: Vec<Scope>,
    /// How many bytes the spans up to and including this one take, without what is between them.
    pub(super) ends: Vec<usize>,
}

/// How the spans of one scope are encoded.
#[derive(Debug)]
pub(super) struct Scope {
    /// How many spans there are up to and including its last one.
    pub(super) end: usize,
    /// How many bytes there are in all.
    pub(super) length: usize,
    /// How many bytes of the contents come before its spans, and how many after.
    pub(super) head: usize,
    pub(super) tail: usize,
}

impl EncodedSpans {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A request with these spans.
    pub(crate) fn request(&self, spans: &Range<usize>) -> Bytes {
        if *spans == (0..self.len()) {
            return self.bytes.clone();
        }
        let length = self.contents(spans);
        let mut writer = Writer::new(Vec::with_capacity(field_len(length)));
        writer.head(fields::RESOURCE_SPANS, length);
        writer.encoded(&self.resource);
        for part in self.parts(spans) {
            writer.head(fields::SCOPE_SPANS, part.len());
            part.0.iter().for_each(|bytes| writer.encoded(bytes));
        }
        writer.encoded(&self.schema_url);
        writer.into_bytes().into()
    }

    /// The end of the range of these spans that fits into a request of this size. The first span
    /// always fits.
    pub(crate) fn fitting(&self, spans: &Range<usize>, largest: usize) -> usize {
        let fits = |end: &usize| field_len(self.contents(&(spans.start..*end))) <= largest;
        if fits(&spans.end) {
            return spans.end;
        }
        let ends = spans.start + 1..spans.end;
        ends.take_while(fits).last().unwrap_or(spans.start + 1)
    }

    /// The length of a `ResourceSpans` with these spans.
    fn contents(&self, spans: &Range<usize>) -> usize {
        let parts = self.parts(spans).map(|part| field_len(part.len()));
        self.resource.len() + parts.sum::<usize>() + self.schema_url.len()
    }

    /// The parts of each scope.
    fn parts(&self, spans: &Range<usize>) -> impl Iterator<Item = Part<'_>> {
        let spans = spans.clone();
        let length = self.scopes.iter().map(|scope| scope.length).sum();
        let (rest, _) = split_end(&self.bytes, self.schema_url.len());
        let (_, mut rest) = split_end(rest, length);
        let mut start = 0;
        self.scopes.iter().filter_map(move |scope| {
            let of_scope = start..scope.end;
            start = scope.end;
            let (field, after) = split(rest, scope.length);
            rest = after;
            let wanted = spans.start.max(of_scope.start)..spans.end.min(of_scope.end);
            if wanted.is_empty() {
                return None;
            }
            let (field, tail) = split_end(field, scope.tail);
            let (field, all) = split_end(field, self.bytes_of(&of_scope));
            let (_, head) = split_end(field, scope.head);
            let (_, some) = split(all, self.bytes_of(&(of_scope.start..wanted.start)));
            let (some, _) = split(some, self.bytes_of(&wanted));
            Some(Part([head, some, tail]))
        })
    }

    /// How many bytes these spans take.
    fn bytes_of(&self, spans: &Range<usize>) -> usize {
        let up_to = |end: usize| end.checked_sub(1).and_then(|last| self.ends.get(last));
        let [start, end] = [spans.start, spans.end].map(|end| up_to(end).copied().unwrap_or(0));
        end.saturating_sub(start)
    }
}

/// The contents of a `ScopeSpans`: the scope, spans, and the schema.
#[derive(Clone, Copy, Debug)]
struct Part<'a>([&'a [u8]; 3]);

impl Part<'_> {
    fn len(self) -> usize {
        self.0.iter().map(|bytes| bytes.len()).sum()
    }
}

fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

fn split_end(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    split(bytes, bytes.len().saturating_sub(at))
}

/// Fields of a request, a `ResourceSpans` and a `ScopeSpans`.
pub(super) mod fields {
    pub(in super::super) const RESOURCE_SPANS: u32 = 1;
    pub(in super::super) const RESOURCE: u32 = 1;
    pub(in super::super) const SCOPE_SPANS: u32 = 2;
    pub(in super::super) const SCOPE: u32 = 1;
    pub(in super::super) const SPANS: u32 = 2;
    pub(in super::super) const SCHEMA_URL: u32 = 3;
}
