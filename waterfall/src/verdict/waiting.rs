//! Waiting for a pool or a lock: time before a query in which nothing is recorded.

use std::time::Duration;

use super::finding::{Finding, largest, percent, share};
use crate::intervals::Intervals;
use crate::span::Span;
use crate::text::duration_text;
use crate::trace::Trace;

/// A gap in a span that ends with a query, is longer than that query, and contains no logs. Nothing
/// records what happened in it, and the sentence claims no more than that.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let parents = trace.spans().iter();
    largest(
        parents
            .filter_map(|parent| {
                let children = trace.children(parent).map(Span::interval);
                let gaps = Intervals::union(children).gaps_in(parent.interval());
                let before_query = gaps.iter().filter_map(|gap| {
                    let mut next = trace.children(parent);
                    let query = next.find(|span| span.start_unix_nano == gap.end)?;
                    let length = Duration::from_nanos(gap.end - gap.start);
                    let was_busy = trace
                        .logs(parent)
                        .iter()
                        .any(|log| gap.contains(&log.unix_nano));
                    let fits = query.is_query() && length > query.duration() && !was_busy;
                    (fits && length >= SHORTEST).then_some((length, gap, query))
                });
                let (length, gap, query) = before_query.max_by_key(|(length, ..)| *length)?;
                let share = share(trace, [gap]);
                let text = format!(
                    "for {} ({}) before `{}` no span of {} ran: it waited for a connection or a \
                     lock, or worked without a span",
                    duration_text(length),
                    percent(share),
                    query.name,
                    parent.service,
                );
                Some(Finding::new(share, [query], text))
            })
            .filter(|finding| finding.share >= WORTH_A_WORD),
    )
}

const SHORTEST: Duration = Duration::from_millis(20);
const WORTH_A_WORD: f64 = 0.3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Log, Severity};
    use crate::testing::{call, query, span};

    fn found(child: Span, logged_at_ms: Option<u64>) -> Option<String> {
        let root = span(1, 0, "orders", "root", 0..100);
        let log = logged_at_ms.map(|ms| Log {
            trace_id: root.trace_id,
            span_id: root.span_id,
            unix_nano: ms * 1_000_000,
            severity: Severity::Info,
            text: "still at work".to_owned(),
        });
        let trace = Trace::new(vec![root, child]).with_logs(&log);
        find(&trace).map(|finding| finding.text)
    }

    #[test]
    fn silence_before_a_query() {
        let sentence = "for 80.0 ms (80 %) before `SELECT stock` no span of orders ran: \
                        it waited for a connection or a lock, or worked without a span";
        let select = |ms| query(2, 1, "orders", "SELECT stock", ms);
        let table = [
            (select(80..90), None, Some(sentence)),
            (select(80..90), Some(95), Some(sentence)),
            // Something was logged meanwhile.
            (select(80..90), Some(40), None),
            // The query itself takes the time.
            (select(40..95), None, None),
            (select(15..20), None, None),
            // Most handlers compute something before a call.
            (call(2, 1, "orders", "GET /stock", 80..90), None, None),
        ];
        for (child, logged, expected) in table {
            let text = found(child.clone(), logged);
            assert_eq!(text.as_deref(), expected, "{child:?} {logged:?}");
        }
    }
}
