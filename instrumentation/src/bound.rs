//! The duration histogram, with the SDK's place for each set of labels kept: the SDK looks a set up
//! by hashing all names and values, at 2,200 instructions of the 3,200 that metrics cost a request.

use std::sync::OnceLock;

use opentelemetry::metrics::{BoundHistogram, Histogram};
use opentelemetry::{KeyValue, StringValue, Value};

/// A histogram and the sets of labels that it was recorded with.
///
/// Nothing is removed, so that readers need no lock, and hence the number of sets is bounded. What
/// comes beyond is recorded as without this.
pub(crate) struct BoundByLabels {
    histogram: Histogram<f64>,
    buckets: [OnceLock<Box<Entry>>; BUCKETS],
}

struct Entry {
    labels: Vec<KeyValue>,
    histogram: BoundHistogram<f64>,
    next: OnceLock<Box<Entry>>,
}

impl BoundByLabels {
    pub(crate) fn new(histogram: Histogram<f64>) -> Self {
        Self {
            histogram,
            buckets: [const { OnceLock::new() }; BUCKETS],
        }
    }

    pub(crate) fn record(&self, value: f64, labels: &[KeyValue]) {
        match self.find(labels) {
            Some(bound) => bound.record(value),
            None => self.histogram.record(value, labels),
        }
    }

    fn find(&self, labels: &[KeyValue]) -> Option<&BoundHistogram<f64>> {
        let hash = labels.iter().fold(0, |hash: u64, label| {
            (hash.rotate_left(5) ^ digest(&label.value)).wrapping_mul(MULTIPLIER)
        });
        let mut slot = self.buckets.get((hash >> 32) as usize % BUCKETS)?;
        for _ in 0..MAX_DEPTH {
            let entry = slot.get_or_init(|| {
                Box::new(Entry {
                    labels: labels.to_vec(),
                    histogram: self.histogram.bind(labels),
                    next: OnceLock::new(),
                })
            });
            if is_same(&entry.labels, labels) {
                return Some(&entry.histogram);
            }
            slot = &entry.next;
        }
        None
    }
}

/// A route or a status differs from others in its length or in its end; the rest is compared.
fn digest(value: &Value) -> u64 {
    let text = |text: &StringValue| {
        let text = text.as_str().as_bytes();
        let last = text.last_chunk::<8>().map(|last| u64::from_le_bytes(*last));
        last.unwrap_or_default() ^ text.len() as u64
    };
    match value {
        Value::I64(number) => number.cast_unsigned(),
        Value::String(value) => text(value),
        Value::Bool(_) | Value::F64(_) | Value::Array(_) | _ => 0,
    }
}

/// Values first: the names are the same ones nearly always.
fn is_same(known: &[KeyValue], labels: &[KeyValue]) -> bool {
    let pairs = || known.iter().zip(labels);
    known.len() == labels.len()
        && pairs().all(|(known, label)| known.value == label.value)
        && pairs().all(|(known, label)| is_same_text(known.key.as_str(), label.key.as_str()))
}

/// Nearly all names are constants, which need not be read.
fn is_same_text(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// Odd, with its bits spread (the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

const BUCKETS: usize = 256;
const MAX_DEPTH: usize = 8;

#[cfg(all(test, feature = "testing"))]
mod tests {
    use opentelemetry::metrics::MeterProvider;

    use super::*;
    use crate::testing::Capture;

    #[test]
    fn every_set_of_labels_has_its_own_place_whether_kept_or_not() {
        let capture = Capture::new();
        let meter = capture.meter_provider().meter("test");
        let histogram = BoundByLabels::new(meter.f64_histogram("duration").build());
        let sets = BUCKETS * MAX_DEPTH + 100;
        for _ in 0..2 {
            for number in 0..sets {
                let number = i64::try_from(number).unwrap();
                let labels = [
                    KeyValue::new("n", number % 1_000),
                    KeyValue::new("m", number / 1_000),
                ];
                histogram.record(1.0, &labels);
            }
        }
        let points = capture.points("duration");
        assert!(points.iter().all(|point| point.count % 2 == 0));
        assert_eq!(
            points.iter().map(|point| point.count).sum::<u64>(),
            2 * sets as u64
        );
    }
}
