//! Hexadecimal ids as the wire formats want them: digits only, lower case out.
//!
//! `from_str_radix` also accepts a sign, short input and over-long zero padding, and `format!`
//! goes through the formatting machinery for every id.

/// Reads lower-case digits only, as W3C Trace Context asks; at most 32 of them.
pub(crate) fn decode_lower(digits: &[u8]) -> Option<u128> {
    decode(digits, |digit| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    })
}

/// The lower-case digits of `bytes`, most significant first.
pub(crate) fn digits<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = u8> {
    bytes
        .into_iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
}

fn decode(digits: &[u8], value_of: impl Fn(u8) -> Option<u8>) -> Option<u128> {
    if digits.is_empty() || digits.len() > 32 {
        return None;
    }
    digits.iter().try_fold(0, |value, digit| {
        Some(value << 4 | u128::from(value_of(*digit)?))
    })
}

fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' + value - 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_digits_are_read() {
        let cases = [
            ("0", Some(0)),
            ("ff", Some(0xff)),
            ("0123456789abcdef", Some(0x0123_4567_89ab_cdef)),
            ("ffffffffffffffffffffffffffffffff", Some(u128::MAX)),
            ("", None),
            ("000000000000000000000000000000001", None),
            ("FF", None),
            ("+1", None),
            ("-1", None),
            ("0x", None),
            ("g", None),
            (" 1", None),
            ("é", None),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_lower(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn digits_keep_leading_zeros() {
        assert!(digits([0x00, 0x0a, 0xf0]).eq(*b"000af0"));
    }
}
