//! The rejected part of all traces, in units of 2⁻⁵⁶.
//!
//! See <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>.

use opentelemetry::TraceId;

/// A trace is sampled if its 56-bit randomness is not below this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Threshold(u64);

impl Threshold {
    /// Everything is sampled.
    pub(crate) const NONE_REJECTED: Self = Self(0);

    /// The threshold for a ratio from 0 to 1; `None` if the ratio samples nothing.
    ///
    /// Its precision is four hexadecimal digits after the leading `f`s, as the specification
    /// recommends, so that the trace state stays short.
    pub(crate) fn of_ratio(ratio: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a ratio is from 0 to 1, and 2⁵⁶ is a power of two"
        )]
        let sampled = (ratio.clamp(0.0, 1.0) * ALL as f64).round() as u64;
        if sampled == 0 {
            return None;
        }
        let rejected = ALL - sampled;
        let leading = DIGITS
            .saturating_sub(hexadecimal_digits(sampled))
            .min(DIGITS - PRECISION);
        let unit = 1_u64 << (4 * (DIGITS - PRECISION - leading));
        let rounded = (rejected + unit / 2) / unit * unit;
        Some(Self(rounded.min(ALL - unit)))
    }

    pub(crate) fn samples(self, randomness: u64) -> bool {
        randomness >= self.0
    }

    /// The threshold as written in a trace state: hexadecimal, without trailing zeros.
    pub(crate) fn encoded(self) -> String {
        let digits = format!("{:014x}", self.0);
        match digits.trim_end_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        }
    }

    /// The threshold from a trace state.
    pub(crate) fn decoded(digits: &str) -> Option<Self> {
        let length = digits.len();
        let is_legal = (1..=DIGITS as usize).contains(&length) && is_hexadecimal(digits);
        let value = is_legal.then(|| u64::from_str_radix(digits, 16).ok())??;
        Some(Self(value << (4 * (DIGITS as usize - length))))
    }
}

/// The randomness that a trace state carries in `rv`.
pub(super) fn explicit_randomness(digits: &str) -> Option<u64> {
    let is_legal = digits.len() == DIGITS as usize && is_hexadecimal(digits);
    is_legal.then(|| u64::from_str_radix(digits, 16).ok())?
}

/// The last 56 bits of the id, which must be random by Trace Context Level 2.
pub(super) fn randomness_of(id: TraceId) -> u64 {
    let low = id.to_bytes().into_iter().skip(9);
    low.fold(0, |randomness, byte| randomness << 8 | u64::from(byte))
}

fn is_hexadecimal(digits: &str) -> bool {
    let mut digits = digits.bytes();
    digits.all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn hexadecimal_digits(number: u64) -> u32 {
    (u64::BITS - number.leading_zeros()).div_ceil(4)
}

/// 2⁵⁶
const ALL: u64 = 1 << 56;
const DIGITS: u32 = 14;
const PRECISION: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_specification() {
        for (ratio, expected) in [
            (1.0, Some("0")),
            (0.5, Some("8")),
            (1.0 / 3.0, Some("aaab")),
            (0.25, Some("c")),
            (0.2, Some("cccd")),
            (0.125, Some("e")),
            (0.1, Some("e666")),
            (1.0 / 16.0, Some("f")),
            (0.01, Some("fd70a")),
            (0.001, Some("ffbe77")),
            (0.000_1, Some("fff9724")),
            (0.999_999_9, Some("0")),
            (0.0, None),
            (2.0_f64.powi(-56), Some("ffffffffffffff")),
            (2.0_f64.powi(-58), None),
        ] {
            let threshold = Threshold::of_ratio(ratio);
            let encoded = threshold.map(Threshold::encoded);
            assert_eq!(encoded.as_deref(), expected, "{ratio}");
            let decoded = encoded.as_deref().and_then(Threshold::decoded);
            assert_eq!(decoded, threshold, "{ratio}");
        }
    }

    #[test]
    fn what_is_no_threshold_is_none() {
        for digits in ["", "g", "C", "-1", "+1", "0000000000000000", "fd 0"] {
            assert_eq!(Threshold::decoded(digits), None, "{digits:?}");
        }
        assert_eq!(
            explicit_randomness("9b8233f7e3a151"),
            Some(0x9b_8233_f7e3_a151)
        );
        assert_eq!(explicit_randomness("9b8233f7e3a15"), None);
    }

    #[test]
    fn randomness_is_the_end_of_the_trace_id() {
        let id = TraceId::from_hex("ffffffffffffffffff0123456789abcd").unwrap();
        assert_eq!(randomness_of(id), 0x01_2345_6789_abcd);
    }
}
