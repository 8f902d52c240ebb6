//! The lines of a waterfall: parents before their children, equal siblings in one line.

use std::collections::HashMap;
use std::iter;

use crate::intervals::Intervals;
use crate::span::{Kind, Span, Status};
use crate::trace::Trace;

/// The content of a line: a span, or all its siblings with the same name. Forty equal queries are
/// noticed in one line, but are scrolled past in forty.
#[derive(Debug)]
pub(crate) struct Bundle<'a> {
    pub(crate) depth: usize,
    pub(crate) first: &'a Span,
    pub(crate) others: Vec<&'a Span>,
    is_leaf: bool,
}

impl<'a> Bundle<'a> {
    fn new(trace: &Trace, depth: usize, first: &'a Span) -> Self {
        Self {
            depth,
            first,
            others: Vec::new(),
            is_leaf: trace.children(first).next().is_none(),
        }
    }

    /// Leaves with the same key share a line.
    fn key(&self) -> Option<(&'a str, &'a str, Kind, Status)> {
        let Span {
            service,
            name,
            kind,
            status,
            ..
        } = self.first;
        self.is_leaf
            .then_some((&**service, &**name, *kind, *status))
    }

    pub(crate) fn intervals(&self) -> Intervals {
        Intervals::union(self.spans().map(Span::interval))
    }

    pub(crate) fn spans(&self) -> impl Iterator<Item = &'a Span> {
        iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// Parents before their children, siblings by start.
pub(crate) fn bundles(trace: &Trace) -> Vec<Bundle<'_>> {
    let mut bundles = Vec::new();
    let mut waiting = folded(trace, 0, trace.tops());
    while let Some(bundle) = waiting.pop() {
        waiting.extend(folded(
            trace,
            bundle.depth + 1,
            trace.children(bundle.first),
        ));
        bundles.push(bundle);
    }
    bundles
}

/// Siblings with equal ones bundled, last one first, as a stack needs them.
fn folded<'a>(
    trace: &Trace,
    depth: usize,
    siblings: impl Iterator<Item = &'a Span>,
) -> Vec<Bundle<'a>> {
    let mut folded: Vec<Bundle<'a>> = Vec::new();
    let mut places = HashMap::new();
    for sibling in siblings {
        let bundle = Bundle::new(trace, depth, sibling);
        let place = bundle.key().map_or(folded.len(), |key| {
            *places.entry(key).or_insert(folded.len())
        });
        match folded.get_mut(place) {
            Some(earlier) => earlier.others.push(sibling),
            None => folded.push(bundle),
        }
    }
    folded.reverse();
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn siblings_with_different_outcome_are_not_folded() {
        let mut failed = span(3, 1, "orders", "call", 20..30);
        failed.status = Status::Error;
        let trace = Trace::new(vec![
            span(1, 0, "gateway", "root", 0..40),
            span(2, 1, "orders", "call", 10..20),
            failed,
            span(4, 1, "orders", "call", 30..40),
        ]);
        let counts: Vec<_> = bundles(&trace)
            .iter()
            .map(|bundle| 1 + bundle.others.len())
            .collect();
        assert_eq!(counts, [1, 2, 1]);
    }

    #[test]
    fn siblings_with_children_are_not_folded() {
        let trace = Trace::new(vec![
            span(1, 0, "gateway", "root", 0..40),
            span(2, 1, "orders", "call", 10..20),
            span(3, 2, "payment", "pay", 11..19),
            span(4, 1, "orders", "call", 20..30),
        ]);
        let names: Vec<_> = bundles(&trace)
            .iter()
            .map(|bundle| &*bundle.first.name)
            .collect();
        assert_eq!(names, ["root", "call", "pay", "call"]);
    }
}
