//! Hexadecimal ids as the wire formats want them: digits only, lower case out.
//!
//! `from_str_radix` also accepts a sign, short input and over-long zero padding, and `format!`
//! goes through the formatting machinery for every id.

/// Reads lower-case digits only, as W3C Trace Context asks; at most 32 of them.
///
/// The number of digits is part of the type, so that the loop over them is unrolled.
pub(crate) fn decode_lower<const N: usize>(digits: &[u8; N]) -> Option<u128> {
    decode(digits, |digit| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    })
}

/// The lower-case digits of `bytes`, most significant first.
pub(crate) fn digits<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = u8> {
    bytes
        .into_iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
}

/// Works in 64 bits and looks for bad digits once at the end. This is most of what parsing a
/// request's ids takes, and an early exit per digit or a 128-bit shift would double it.
#[inline(always)]
fn decode(digits: &[u8], value_of: impl Fn(u8) -> u8) -> Option<u128> {
    if digits.is_empty() || digits.len() > 32 {
        return None;
    }
    let mut seen = 0;
    let mut decode_half = |digits: &[u8]| {
        digits.iter().fold(0, |half: u64, digit| {
            let value = value_of(*digit);
            seen |= value;
            half << 4 | u64::from(value)
        })
    };
    let (high, low) = digits.split_at_checked(digits.len().saturating_sub(16))?;
    let value = u128::from(decode_half(high)) << 64 | u128::from(decode_half(low));
    (seen & NO_DIGIT == 0).then_some(value)
}

fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' + value - 10,
    }
}

/// A bit that no digit's value has.
const NO_DIGIT: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_digits_are_read() {
        assert_eq!(decode_lower(b"0"), Some(0));
        assert_eq!(decode_lower(b"ff"), Some(0xff));
        assert_eq!(
            decode_lower(b"0123456789abcdef"),
            Some(0x0123_4567_89ab_cdef)
        );
        assert_eq!(
            decode_lower(b"0123456789abcdef0123456789abcdef"),
            Some(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
        );
        assert_eq!(
            decode_lower(b"ffffffffffffffffffffffffffffffff"),
            Some(u128::MAX)
        );
    }

    #[test]
    fn anything_but_digits_is_refused() {
        for bad in [
            b"FF",
            b"+1",
            b"-1",
            b"0x",
            b"g0",
            b" 1",
            b"1 ",
            b"_1",
            &[0xc3, 0xa9],
        ] {
            assert_eq!(decode_lower(bad), None, "{bad:?}");
        }
        assert_eq!(decode_lower(b""), None);
        assert_eq!(decode_lower(b"000000000000000000000000000000001"), None);
    }

    #[test]
    fn digits_keep_leading_zeros() {
        assert!(digits([0x00, 0x0a, 0xf0]).eq(*b"000af0"));
    }
}
