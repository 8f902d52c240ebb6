//! Hexadecimal ids of the wire formats: digits only, written in lower case.
//!
//! `from_str_radix` also accepts a sign, short input and over-long zero padding, and `format!`
//! goes through the formatting machinery for every id.

use opentelemetry::trace::{SpanId, TraceId};

/// Reads a trace id in full; all zeros is not an id.
pub(crate) fn trace_id(digits: &[u8]) -> Option<TraceId> {
    let trace_id = TraceId::from(decode::<32>(digits)?);
    (trace_id != TraceId::INVALID).then_some(trace_id)
}

/// Reads a span id in full; all zeros is not an id.
pub(crate) fn span_id(digits: &[u8]) -> Option<SpanId> {
    let span_id = SpanId::from(u64::try_from(decode::<16>(digits)?).ok()?);
    (span_id != SpanId::INVALID).then_some(span_id)
}

/// Reads exactly `N` lower-case digits, at most 32.
///
/// The number of digits is part of the function, so that the loop over them is unrolled.
pub(crate) fn decode<const N: usize>(digits: &[u8]) -> Option<u128> {
    let digits: &[u8; N] = digits.try_into().ok()?;
    decode_slice(digits)
}

/// Reads up to `MAX` lower-case digits, at most 32, of a format that leaves out leading zeros.
pub(crate) fn decode_padded<const MAX: usize>(digits: &str) -> Option<u128> {
    if digits.len() > MAX {
        return None;
    }
    decode_slice(digits.as_bytes())
}

/// All digits of a trace id.
pub(crate) fn of_trace_id(id: TraceId) -> [u8; 32] {
    digits(id.to_bytes())
}

/// All digits of a span id.
pub(crate) fn of_span_id(id: SpanId) -> [u8; 16] {
    digits(id.to_bytes())
}

/// The two digits of a byte.
pub(crate) fn of_byte(byte: u8) -> [u8; 2] {
    [digit(byte >> 4), digit(byte & 0x0f)]
}

/// Makes a header of digits and separators; the buffer is reused, and nothing can fail.
pub(crate) fn into_text(ascii: Vec<u8>) -> String {
    String::from_utf8(ascii).unwrap_or_default()
}

/// Works in 64 bits and checks for bad digits once, at the end. This is most of the cost of parsing
/// a request's ids; an early exit per digit or a 128-bit shift would double it.
#[inline(always)]
fn decode_slice(digits: &[u8]) -> Option<u128> {
    if digits.is_empty() || digits.len() > 32 {
        return None;
    }
    let mut seen = 0;
    let mut decode_half = |digits: &[u8]| {
        digits.iter().fold(0, |half: u64, digit| {
            let value = value(*digit);
            seen |= value;
            half << 4 | u64::from(value)
        })
    };
    let (high, low) = digits.split_at_checked(digits.len().saturating_sub(16))?;
    let value = u128::from(decode_half(high)) << 64 | u128::from(decode_half(low));
    (seen & NO_DIGIT == 0).then_some(value)
}

/// Works on four bytes at a time, spread over the eight of one word, at half the cost of single
/// digits.
fn digits<const BYTES: usize, const DIGITS: usize>(bytes: [u8; BYTES]) -> [u8; DIGITS] {
    const { assert!(DIGITS == 2 * BYTES) };
    let mut digits = [0; DIGITS];
    let (words, _) = bytes.as_chunks();
    for (eight, word) in digits.as_chunks_mut().0.iter_mut().zip(words) {
        *eight = digits_of_word(u32::from_be_bytes(*word));
    }
    digits
}

fn digits_of_word(word: u32) -> [u8; 8] {
    let halves = u64::from(word);
    let pairs = (halves | (halves << 16)) & 0x0000_ffff_0000_ffff;
    let bytes = (pairs | (pairs << 8)) & 0x00ff_00ff_00ff_00ff;
    let values = (bytes | (bytes << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((values + 6 * EACH) >> 4) & EACH;
    (values + 0x30 * EACH + 0x27 * letters).to_be_bytes()
}

fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    }
}

fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' + value - 10,
    }
}

/// One in each byte of a word: multiplying by it copies a byte into all of them.
const EACH: u64 = 0x0101_0101_0101_0101;
/// A bit that is not set in any digit's value.
const NO_DIGIT: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_digits_are_read() {
        let cases = [
            ("0", Some(0)),
            ("ff", Some(0xff)),
            ("0123456789abcdef", Some(0x0123_4567_89ab_cdef)),
            (
                "0123456789abcdef0123456789abcdef",
                Some(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            ),
            ("ffffffffffffffffffffffffffffffff", Some(u128::MAX)),
            ("", None),
            ("000000000000000000000000000000001", None),
            ("FF", None),
            ("+1", None),
            ("-1", None),
            ("0x", None),
            ("g", None),
            (" 1", None),
            ("1_0", None),
            ("é", None),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_padded::<32>(text), expected, "{text:?}");
        }
    }

    #[test]
    fn exact_lengths_are_exact() {
        assert_eq!(decode::<2>(b"0a"), Some(10));
        assert_eq!(decode::<2>(b"a"), None);
        assert_eq!(decode::<2>(b"00a"), None);
        assert_eq!(decode_padded::<2>("0a"), Some(10));
        assert_eq!(decode_padded::<2>("00a"), None);
    }

    #[test]
    fn ids_of_zeros_are_none() {
        assert_eq!(trace_id(&[b'0'; 32]), None);
        assert_eq!(span_id(&[b'0'; 16]), None);
        assert_eq!(span_id(b"0000000000000001"), Some(SpanId::from(1)));
    }

    #[test]
    fn digits_keep_leading_zeros() {
        assert_eq!(of_byte(0x0a), *b"0a");
        assert_eq!(
            of_span_id(SpanId::from(0x0123_4567_89ab_cdef)),
            *b"0123456789abcdef"
        );
        assert_eq!(
            of_trace_id(TraceId::from(0x0f)),
            *b"0000000000000000000000000000000f"
        );
    }
}
