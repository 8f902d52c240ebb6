//! A message that waited in a queue.

use std::time::Duration;

use super::finding::{Finding, largest, percent};
use crate::span::{Kind, Span};
use crate::text::duration_text;
use crate::trace::Trace;

/// From the end of the producer to the start of its only consumer. Finds nothing if the clocks
/// disagree so much that the message seems to be consumed before it was sent.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let whole = extent(trace);
    let sent = trace.spans().iter();
    largest(
        sent.filter(|span| span.kind == Kind::Producer)
            .filter_map(|producer| {
                let mut consumers = trace
                    .children(producer)
                    .filter(|span| span.kind == Kind::Consumer);
                let (consumer, None) = (consumers.next()?, consumers.next()) else {
                    return None;
                };
                let waited = consumer
                    .start_unix_nano
                    .checked_sub(producer.end_unix_nano)?;
                let waited = Duration::from_nanos(waited);
                let share = waited.as_secs_f64() / whole.as_secs_f64();
                let text = format!(
                    "the message of `{}` waited {} ({}) before {} took it",
                    producer.name,
                    duration_text(waited),
                    percent(share),
                    consumer.service,
                );
                (waited >= SHORTEST && share >= WORTH_A_WORD)
                    .then(|| Finding::new(share, [producer, consumer], text))
            }),
    )
}

/// From the first start to the last end: the handling of a message often outlasts the request.
fn extent(trace: &Trace) -> Duration {
    let start = trace.spans().first().map_or(0, |span| span.start_unix_nano);
    let end = trace
        .spans()
        .iter()
        .map(|span: &Span| span.end_unix_nano)
        .max();
    Duration::from_nanos(end.unwrap_or(start).saturating_sub(start).max(1))
}

const SHORTEST: Duration = Duration::from_millis(5);
const WORTH_A_WORD: f64 = 0.2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    fn found(consumers: &[(u64, u64)]) -> Option<String> {
        let mut producer = span(2, 1, "shop", "orders send", 10..20);
        producer.kind = Kind::Producer;
        let mut spans = vec![span(1, 0, "shop", "POST /orders", 0..30), producer];
        for (id, (start, end)) in (10..).zip(consumers) {
            let mut consumer = span(id, 2, "worker", "orders process", *start..*end);
            consumer.kind = Kind::Consumer;
            spans.push(consumer);
        }
        find(&Trace::new(spans)).map(|finding| finding.text)
    }

    #[test]
    fn time_in_a_queue() {
        let sentence = "the message of `orders send` waited 60.0 ms (60 %) before worker took it";
        let table: [(&[_], Option<&str>); 5] = [
            (&[(80, 100)], Some(sentence)),
            (&[(21, 100)], None),
            // Consumed before it was sent.
            (&[(5, 100)], None),
            // It is unclear which consumer waited.
            (&[(80, 100), (90, 100)], None),
            (&[], None),
        ];
        for (consumers, expected) in table {
            assert_eq!(found(consumers).as_deref(), expected, "{consumers:?}");
        }
    }
}
