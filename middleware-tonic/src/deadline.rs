//! The deadline of a call, from its `grpc-timeout` (gRPC over HTTP/2, "Requests").

use std::time::{Duration, Instant};

use http::HeaderMap;

/// The instant at which the caller stops waiting. `None` without a `grpc-timeout` or with a
/// malformed one, which tonic ignores, too.
pub(crate) fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let timeout = headers.get("grpc-timeout")?.to_str().ok()?;
    Instant::now().checked_add(duration(timeout)?)
}

/// Reads up to eight digits and a unit.
fn duration(timeout: &str) -> Option<Duration> {
    let unit = timeout.chars().next_back()?;
    let digits = timeout.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(value * 60 * 60)),
        'M' => Some(Duration::from_secs(value * 60)),
        'S' => Some(Duration::from_secs(value)),
        'm' => Some(Duration::from_millis(value)),
        'u' => Some(Duration::from_micros(value)),
        'n' => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        let cases = [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("500m", Some(Duration::from_millis(500))),
            ("7u", Some(Duration::from_micros(7))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("0S", Some(Duration::ZERO)),
            ("100000000n", None),
            ("+1S", None),
            ("1", None),
            ("S", None),
            ("1s", None),
            ("1é", None),
            ("", None),
        ];
        for (timeout, expected) in cases {
            assert_eq!(duration(timeout), expected, "{timeout:?}");
        }
    }

    #[test]
    fn a_deadline_lies_ahead_and_no_number_is_too_large() {
        let headers = |timeout| HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), timeout)]);
        let before = Instant::now();
        let found = deadline(&headers("1S".parse().unwrap())).unwrap();
        assert!(found >= before + Duration::from_secs(1));
        assert!(deadline(&headers("99999999H".parse().unwrap())).is_some());
        assert_eq!(deadline(&headers("\u{fc}".parse().unwrap())), None);
        assert_eq!(deadline(&HeaderMap::new()), None);
    }
}
