//! Corrects clocks that disagree: a server that begins before its call, or ends after the answer,
//! is moved to a possible time, with everything below it.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::SpanId;

use crate::span::{Kind, Span};

/// Moves spans with impossible times. Others are not moved: a small difference stays undetected,
/// but no correct time is changed.
pub(crate) fn align(spans: &mut [Span]) {
    let mut children: HashMap<SpanId, Vec<usize>> = HashMap::new();
    let mut starts = Vec::new();
    let known: HashSet<_> = spans.iter().map(|span| span.span_id).collect();
    for (index, span) in spans.iter().enumerate() {
        match span.parent_span_id.filter(|parent| known.contains(parent)) {
            Some(parent) => children.entry(parent).or_default().push(index),
            None => starts.push((index, 0)),
        }
    }
    // From the top: all spans below a moved span have the same clock until the next call.
    while let Some((index, ahead)) = starts.pop() {
        let Some(span) = spans.get_mut(index) else {
            continue;
        };
        shift(span, ahead);
        let parent = span.clone_bounds();
        for child in children.remove(&span.span_id).unwrap_or_default() {
            let Some(span) = spans.get(child) else {
                continue;
            };
            starts.push((child, ahead_of(&parent, span, ahead)));
        }
    }
}

/// Resets the span to its own clock.
pub(crate) fn undo(span: &mut Span) {
    shift(span, -span.clock_ahead_nano);
    span.clock_ahead_nano = 0;
}

struct Bounds {
    start: u64,
    end: u64,
    is_call: bool,
}

impl Span {
    fn clone_bounds(&self) -> Bounds {
        Bounds {
            start: self.start_unix_nano,
            end: self.end_unix_nano,
            is_call: self.kind == Kind::Client,
        }
    }
}

/// How far the child's clock is ahead of the root's; `inherited` is that of its parent.
fn ahead_of(parent: &Bounds, child: &Span, inherited: i64) -> i64 {
    let start = child.start_unix_nano.saturating_add_signed(-inherited);
    let (took, waited) = (
        child.end_unix_nano.saturating_sub(child.start_unix_nano),
        parent.end.saturating_sub(parent.start),
    );
    let is_impossible = start < parent.start || start > parent.end;
    // A server that runs longer than its call does not show its offset.
    if !(parent.is_call && child.kind == Kind::Server && is_impossible && took <= waited) {
        return inherited;
    }
    let middle = parent.start.saturating_add((waited - took) / 2);
    i64::try_from(i128::from(child.start_unix_nano) - i128::from(middle)).unwrap_or(inherited)
}

fn shift(span: &mut Span, ahead: i64) {
    span.start_unix_nano = span.start_unix_nano.saturating_add_signed(-ahead);
    span.end_unix_nano = span.end_unix_nano.saturating_add_signed(-ahead);
    span.clock_ahead_nano += ahead;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, span};

    fn aligned(server: std::ops::Range<u64>, below: std::ops::Range<u64>) -> Vec<(u64, u64, i64)> {
        let mut spans = vec![
            span(1, 0, "gateway", "root", 1000..1100),
            call(2, 1, "gateway", "POST", 1010..1090),
            span(3, 2, "orders", "POST /orders", server),
            span(4, 3, "orders", "work", below),
        ];
        align(&mut spans);
        let ms = |nano: u64| nano / 1_000_000;
        spans
            .iter()
            .skip(2)
            .map(|span| {
                let ahead = span.clock_ahead_nano / 1_000_000;
                (ms(span.start_unix_nano), ms(span.end_unix_nano), ahead)
            })
            .collect()
    }

    #[test]
    fn only_what_is_impossible_is_moved() {
        let table = [
            // Within the call.
            (1020..1060, 1030..1040, [(1020, 1060, 0), (1030, 1040, 0)]),
            // A clock that is 50 ms late.
            (970..1010, 980..990, [(1030, 1070, -60), (1040, 1050, -60)]),
            // A clock that is one second early.
            (
                2030..2070,
                2040..2050,
                [(1030, 1070, 1000), (1040, 1050, 1000)],
            ),
            // The server ends after its caller, which may have given up.
            (1020..1200, 1030..1040, [(1020, 1200, 0), (1030, 1040, 0)]),
        ];
        for (server, below, expected) in table {
            assert_eq!(aligned(server.clone(), below), expected, "{server:?}");
        }
    }

    #[test]
    fn own_clock_can_be_had_back() {
        let mut spans = vec![
            call(2, 0, "gateway", "POST", 1010..1090),
            span(3, 2, "orders", "POST /orders", 970..1010),
        ];
        let before = spans.clone();
        align(&mut spans);
        spans.iter_mut().for_each(undo);
        let bounds = |spans: &[Span]| spans.iter().map(Span::interval).collect::<Vec<_>>();
        assert_eq!(bounds(&spans), bounds(&before));
    }
}
