//! The duration histogram, which keeps the SDK's place for each set of labels. The SDK's own
//! look-up hashes all names and values, which takes 2,200 of the 3,200 instructions that metrics
//! cost a request.

use opentelemetry::metrics::{BoundHistogram, Histogram};
use opentelemetry::{KeyValue, Value};

use crate::reuse::table::{self, Table};

/// A histogram and the sets of labels that it was recorded with.
///
/// The SDK keeps the place of a bound set for good. Even with delta temporality, a set that is no
/// longer recorded counts towards the SDK's limit of 2,000 sets, and a set that was bound beyond
/// the limit stays in the overflow. So at most half as many sets are kept here; any other set is
/// recorded without a kept place.
pub(crate) struct BoundHistograms {
    histogram: Histogram<f64>,
    sets: Box<Table<Set, BUCKETS>>,
}

struct Set {
    labels: Vec<KeyValue>,
    histogram: BoundHistogram<f64>,
}

impl BoundHistograms {
    pub(crate) fn new(histogram: Histogram<f64>) -> Self {
        Self {
            histogram,
            sets: Box::new(Table::new()),
        }
    }

    pub(crate) fn record(&self, value: f64, labels: &[KeyValue]) {
        let hash = labels
            .iter()
            .fold(0, |hash, label| hash_value(&label.value, hash));
        let is_same = |set: &Set| is_same(&set.labels, labels);
        let bind = || Set {
            labels: labels.to_vec(),
            histogram: self.histogram.bind(labels),
        };
        match self.sets.find(hash, is_same, bind) {
            Some(set) => set.histogram.record(value),
            None => self.histogram.record(value, labels),
        }
    }
}

/// The labels of the conventions are only texts and integers.
fn hash_value(value: &Value, start: u64) -> u64 {
    match value {
        Value::I64(number) => table::mix(start, number.cast_unsigned()),
        Value::String(text) => table::hash(text.as_str(), start),
        Value::Bool(_) | Value::F64(_) | Value::Array(_) | _ => start,
    }
}

/// Compares values first, because the names are nearly always the same.
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

const BUCKETS: usize = 64;

#[cfg(all(test, feature = "testing"))]
mod tests {
    use opentelemetry::metrics::MeterProvider;

    use super::*;
    use crate::testing::Capture;

    #[test]
    fn every_set_of_labels_has_its_own_place_whether_kept_or_not() {
        let capture = Capture::new();
        let meter = capture.meter_provider().meter("test");
        let histogram = BoundHistograms::new(meter.f64_histogram("duration").build());
        let sets = BUCKETS * table::USUAL_DEPTH + 100;
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
