//! How long to wait between two attempts.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// The pauses between attempts. Each pause is about twice as long as the one before, up to a
/// maximum. It is shortened by a random part of up to a half, so that many processes do not retry
/// at the same time.
///
/// By default the first pause is 200 milliseconds and the longest is five seconds.
///
/// ```
/// use std::time::Duration;
///
/// use otel_otlp_exporter::Backoff;
///
/// let patient = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Creates pauses from `first` to `longest`. If `first` is the longer one, all pauses are as
    /// long as `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after a number of attempts that have failed one after the other.
    pub(crate) fn pause(&self, failed: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        let full = self.first.saturating_mul(doubled).min(self.longest);
        full.mul_f64(random().mul_add(0.5, 0.5))
    }

    /// The longest of the pauses.
    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(5))
    }
}

/// From 0 to 1. Every new state of the standard library's hashing differs from the one before.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(());
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff::default();
        for (failed, most) in [
            (1, 200),
            (2, 400),
            (3, 800),
            (4, 1_600),
            (5, 3_200),
            (6, 5_000),
            (99, 5_000),
        ] {
            for _ in 0..100 {
                let pause = backoff.pause(failed).as_millis();
                assert!((most / 2..=most).contains(&pause), "{failed}: {pause}");
            }
        }
    }

    #[test]
    fn pauses_differ() {
        let backoff = Backoff::default();
        let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| backoff.pause(5)).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }
}
