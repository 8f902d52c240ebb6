//! Parallel calls that all had to wait for one of them.

use std::cmp::Reverse;
use std::time::Duration;

use super::finding::{Finding, largest, percent, share, siblings};
use crate::intervals::Intervals;
use crate::span::{Kind, Span};
use crate::text::duration_text;
use crate::trace::Trace;

/// Three or more calls overlap, and one took at least twice as long as the next.
pub(super) fn find(trace: &Trace) -> Option<Finding> {
    let groups = siblings(trace, key).into_iter();
    largest(groups.filter(|group| is_at_once(group)).filter_map(|group| {
        let count = group.len();
        let mut by_duration = group;
        by_duration.sort_by_key(|span| Reverse(span.duration()));
        let (slowest, next) = (*by_duration.first()?, *by_duration.get(1)?);
        if slowest.duration() < 2 * next.duration() {
            return None;
        }
        let others = by_duration.iter().skip(1);
        let others = Intervals::union(others.map(|span| span.interval()));
        let alone = others.gaps_in(slowest.interval());
        let share = share(trace, alone.iter());
        let text = format!(
            "one of {count} × `{}` of {} took {}, the others at most {}: {} was waiting for it",
            slowest.name,
            slowest.service,
            duration_text(slowest.duration()),
            duration_text(next.duration()),
            percent(share),
        );
        Some(Finding::new(share, [slowest], text))
    }))
}

fn key(span: &Span) -> Option<(&str, &str)> {
    (span.kind == Kind::Client).then_some((&span.service, &span.name))
}

/// All but the slowest, which overlaps with all of them, run in parallel most of the time.
fn is_at_once(spans: &[&Span]) -> bool {
    let together = Intervals::union(spans.iter().map(|span| span.interval())).length();
    let sum: Duration = spans.iter().map(|span| span.duration()).sum();
    let longest = spans.iter().map(|span| span.duration()).max();
    spans.len() >= FEWEST
        && longest.is_some_and(|longest| together <= longest + longest / 10 && sum > together)
}

const FEWEST: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, span};

    fn found(times: &[std::ops::Range<u64>]) -> Option<String> {
        let mut spans = vec![span(1, 0, "search", "root", 0..100)];
        let calls = (10..).zip(times);
        spans.extend(calls.map(|(id, ms)| call(id, 1, "search", "GET /shard", ms.clone())));
        find(&Trace::new(spans)).map(|finding| finding.text)
    }

    #[test]
    fn one_of_many_is_waited_for() {
        let sentence = "one of 4 × `GET /shard` of search took 90.0 ms, the others at most 20.0 ms: \
                        70 % was waiting for it";
        let table = [
            (vec![5..25, 5..20, 5..95, 6..24], Some(sentence)),
            // None stands out.
            (vec![5..80, 5..70, 5..95, 6..60], None),
            // In sequence.
            (vec![5..15, 15..25, 25..95], None),
            // Two calls are too few.
            (vec![5..15, 5..95], None),
            (vec![], None),
        ];
        for (times, expected) in table {
            assert_eq!(found(&times).as_deref(), expected, "{times:?}");
        }
    }
}
