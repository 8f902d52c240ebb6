//! The wire format of protobuf, as far as OTLP needs it.
//!
//! Like prost, it writes fields in the order of their numbers, and lengths in as few bytes as
//! possible.

use std::iter::successors;

/// Appends fields to a buffer. Fields with the default value are left out, unless a method says
/// otherwise.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(buffer: Vec<u8>) -> Self {
        Self(buffer)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Bytes that are encoded already.
    pub(super) fn encoded(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    /// Written even if empty.
    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.head(field, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.varint(field, number);
        }
    }

    /// Written even if zero.
    pub(super) fn varint(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.raw_varint(number);
    }

    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        if number != 0 {
            self.tag(field, FIXED32);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.tag(field, FIXED64);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Written even if zero.
    pub(super) fn double(&mut self, field: u32, number: f64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// The beginning of a field whose `length` bytes come next.
    pub(super) fn head(&mut self, field: u32, length: usize) {
        match short_head(field, length) {
            Some(head) => self.0.extend_from_slice(&head),
            None => {
                self.tag(field, LENGTH_DELIMITED);
                self.raw_varint(length as u64);
            }
        }
    }

    /// The beginning of a field whose contents begin with another field, and the beginning of that.
    pub(super) fn heads(&mut self, outer: (u32, usize), inner: (u32, usize)) {
        let [first, second] = [outer, inner].map(|(field, length)| short_head(field, length));
        // Most are short, and bytes written together are cheaper.
        if let (Some([a, b]), Some([c, d])) = (first, second) {
            self.0.extend_from_slice(&[a, b, c, d]);
            return;
        }
        self.head(outer.0, outer.1);
        self.head(inner.0, inner.1);
    }

    /// Writes a field whose length is known only after its contents. Returns how many bytes it took
    /// in all.
    ///
    /// The length has as many bytes as `expected` says. If it needs more or fewer, the contents are
    /// moved.
    pub(super) fn nested(
        &mut self,
        field: u32,
        expected: Expected,
        contents: impl FnOnce(&mut Self),
    ) -> usize {
        let start = self.0.len();
        self.tag(field, LENGTH_DELIMITED);
        let place = self.0.len();
        let expected = expected as usize;
        self.0.extend(std::iter::repeat_n(0, expected));
        let begin = self.0.len();
        contents(self);
        let length = (self.0.len() - begin) as u64;
        if varint_len(length) == expected {
            let place = self.0.iter_mut().skip(place);
            place.zip(varint(length)).for_each(|(to, byte)| *to = byte);
        } else {
            self.0.splice(place..begin, varint(length));
        }
        self.0.len() - start
    }

    fn tag(&mut self, field: u32, wire_type: u32) {
        self.raw_varint(u64::from(field << 3 | wire_type));
    }

    fn raw_varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

/// The number of bytes that the length of a field is expected to need.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// Up to 127 bytes.
    Small = 1,
    /// Up to 16 KiB.
    Medium = 2,
    /// Up to 2 MiB.
    Large = 3,
}

/// The number of bytes of a field with contents of this length, if its number is below 16.
pub(super) fn field_len(length: usize) -> usize {
    1 + varint_len(length as u64) + length
}

/// As [`field_len`], for a string that is left out if empty.
pub(super) fn text_len(text: &str) -> usize {
    match text.len() {
        0 => 0,
        length => field_len(length),
    }
}

pub(super) fn varint_len(number: u64) -> usize {
    let bits = u64::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// The beginning of a field, if it fits into two bytes.
fn short_head(field: u32, length: usize) -> Option<[u8; 2]> {
    (field < 16 && length < 0x80).then_some([(field << 3 | LENGTH_DELIMITED) as u8, length as u8])
}

fn varint(number: u64) -> impl Iterator<Item = u8> {
    let rest = successors(Some(number), |number| {
        Some(number >> 7).filter(|rest| *rest > 0)
    });
    rest.map(|number| match number {
        0..0x80 => number as u8,
        _ => number as u8 | 0x80,
    })
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;
