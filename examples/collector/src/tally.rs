//! The number of spans that did not arrive, and the number that the services have reported as lost.

use std::collections::{BTreeMap, BTreeSet};

use crate::checkouts::{Kind, Sent};
use crate::spans::{Spans, Trace};

/// Counts by service.
pub(crate) type Tally = BTreeMap<String, usize>;

/// Traces of the same kind have the same number of spans of each service: as many as the trace with
/// the most. The waits for the only connection to the stock are not counted, because their number
/// varies.
pub(crate) fn missing(sent: &Sent, arrived: &Spans) -> Tally {
    let mut missing = Tally::new();
    for kind in sent.values().collect::<BTreeSet<_>>() {
        for service in kind.services() {
            let counts: Vec<_> = counts(sent, arrived, *kind, service).collect();
            let most = counts.iter().max().copied().unwrap_or_default();
            *missing.entry(service.to_owned()).or_default() +=
                counts.into_iter().map(|count| most - count).sum::<usize>();
        }
    }
    missing.retain(|_, count| *count > 0);
    missing
}

fn counts<'a>(
    sent: &'a Sent,
    arrived: &'a Spans,
    kind: Kind,
    service: &'static str,
) -> impl Iterator<Item = usize> + 'a {
    let count = move |trace: &Trace| {
        let spans = trace
            .spans()
            .filter(|span| span.service == service && span.name != WAIT);
        spans.count()
    };
    let of_kind = sent.iter().filter(move |(_, other)| **other == kind);
    of_kind.map(move |(id, _)| arrived.of(id).map_or(0, count))
}

/// The losses that each service reports at its end, as checkout passes them on.
pub(crate) fn told(log: &str) -> Tally {
    let told = log.lines().filter_map(|line| {
        let (service, count) = line.split_once(": exactly ")?;
        let count = count.strip_suffix(" spans were dropped because the queue was full")?;
        Some((service.to_owned(), count.parse().ok()?))
    });
    told.collect()
}

const WAIT: &str = "acquire";
/// The service whose spans include waits.
pub(crate) const WAITS: &str = "inventory";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn told_losses_are_read_by_service() {
        let log = "gateway: exactly 12 spans were dropped because the queue was full\n\
            gateway: exactly 3 records were dropped because the queue was full\n\
            the queue of traces is full\n\
            payment: exactly 1000 spans were dropped because the queue was full\n";
        let expected = [("gateway", 12), ("payment", 1_000)];
        let expected = expected.map(|(service, count)| (service.to_owned(), count));
        assert_eq!(told(log), Tally::from(expected));
    }

    #[test]
    fn missing_spans_are_counted_against_the_fullest_trace_of_the_kind() {
        let mut arrived = Spans::default();
        let mut add = |trace: &str, service: &str, names: &[&str]| {
            let spans: Vec<_> = names
                .iter()
                .map(|name| {
                    json!({
                        "traceId": trace, "spanId": format!("{service}{name}"), "name": name,
                        "startTimeUnixNano": "1", "endTimeUnixNano": "2",
                    })
                })
                .collect();
            let name = json!({ "key": "service.name", "value": { "stringValue": service } });
            let request = json!({ "resourceSpans": [{
                "resource": { "attributes": [name] },
                "scopeSpans": [{ "spans": spans }],
            }] });
            arrived.add(&request).unwrap();
        };
        add("1", "inventory", &["a", "b", "c"]);
        add("1", "gateway", &["a", "b"]);
        // Two of inventory's spans are missing; a wait does not count as a span.
        add("2", "inventory", &["a", "acquire"]);
        add("2", "gateway", &["a", "b"]);
        // Another kind of trace.
        add("3", "inventory", &["a"]);
        let kinds = [
            ("1", Kind::Ordinary),
            ("2", Kind::Ordinary),
            ("3", Kind::Declined),
            // None of its spans has arrived.
            ("4", Kind::Ordinary),
        ];
        let sent = kinds.map(|(id, kind)| (id.to_owned(), kind)).into();
        let expected = [("gateway", 2), ("inventory", 2 + 3)];
        let expected = expected.map(|(service, count)| (service.to_owned(), count));
        assert_eq!(missing(&sent, &arrived), Tally::from(expected));
    }
}
