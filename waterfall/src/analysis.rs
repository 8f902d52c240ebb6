//! Shows where the time of a trace went: self time, by service and span name.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::intervals::Intervals;
use crate::span::{Kind, Span};
use crate::trace::Trace;

/// The groups of one trace, the largest self time first.
#[derive(Debug)]
pub(crate) struct Analysis<'a> {
    /// The time that the caller waited.
    pub(crate) total: Duration,
    pub(crate) groups: Vec<Group<'a>>,
}

/// All spans with one service, name and kind.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    pub(crate) spans: Vec<&'a Span>,
    /// The time in which one of the spans was running, and none of its children.
    pub(crate) self_time: Duration,
    /// The self time as a share of the total, from 0 to 1.
    pub(crate) share: f64,
}

impl<'a> Analysis<'a> {
    /// Self time is a span's duration without the union of its children's intervals. Time outside
    /// the root's interval is left out: nobody waited for it.
    pub(crate) fn new(trace: &'a Trace) -> Self {
        let window = trace.window();
        let total = Duration::from_nanos(window.end.saturating_sub(window.start));

        let mut members: BTreeMap<(&str, &str, Kind), Vec<&Span>> = BTreeMap::new();
        for span in trace.spans() {
            let key = (&*span.service, &*span.name, span.kind);
            members.entry(key).or_default().push(span);
        }

        let mut groups: Vec<_> = members
            .into_iter()
            .map(|((service, name, _), spans)| {
                let own = spans.iter().flat_map(|span| own_time(trace, span));
                let self_time = Intervals::union(own).within(&window).length();
                Group {
                    service,
                    name,
                    spans,
                    self_time,
                    share: self_time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE),
                }
            })
            .collect();
        groups.sort_by_key(|group| Reverse(group.self_time));
        Self { total, groups }
    }
}

fn own_time(trace: &Trace, span: &Span) -> Vec<Range<u64>> {
    Intervals::union(trace.children(span).map(Span::interval))
        .gaps_in(span.interval())
        .iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    /// Service, name, number of spans and self time in milliseconds of each group.
    fn summary(spans: Vec<Span>) -> Vec<(String, String, usize, u128)> {
        let trace = Trace::new(spans);
        Analysis::new(&trace)
            .groups
            .into_iter()
            .map(|group| {
                (
                    group.service.to_owned(),
                    group.name.to_owned(),
                    group.spans.len(),
                    group.self_time.as_millis(),
                )
            })
            .collect()
    }

    fn row(service: &str, name: &str, count: usize, ms: u128) -> (String, String, usize, u128) {
        (service.to_owned(), name.to_owned(), count, ms)
    }

    #[test]
    fn spans_of_one_name_are_added_up() {
        let rows = summary(vec![
            span(1, 0, "inventory", "POST /reservations", 0..100),
            span(2, 1, "inventory", "SELECT stock", 10..40),
            span(3, 1, "inventory", "SELECT stock", 50..90),
        ]);
        assert_eq!(
            rows,
            [
                row("inventory", "SELECT stock", 2, 70),
                row("inventory", "POST /reservations", 1, 30),
            ]
        );
    }

    #[test]
    fn overlapping_children_are_taken_off_once() {
        let rows = summary(vec![
            span(1, 0, "gateway", "root", 0..100),
            span(2, 1, "orders", "a", 10..60),
            span(3, 1, "orders", "b", 40..80),
        ]);
        assert_eq!(
            rows,
            [
                row("orders", "a", 1, 50),
                row("orders", "b", 1, 40),
                row("gateway", "root", 1, 30),
            ]
        );
    }

    #[test]
    fn group_that_runs_in_parallel_never_takes_more_than_the_whole() {
        let trace = Trace::new(vec![
            span(1, 0, "gateway", "root", 0..100),
            span(2, 1, "orders", "a", 0..100),
            span(3, 1, "orders", "a", 0..100),
        ]);
        let analysis = Analysis::new(&trace);
        let shares: Vec<_> = analysis.groups.iter().map(|group| group.share).collect();
        assert_eq!(shares, [1.0, 0.0]);
    }

    #[test]
    fn child_that_outlives_its_parent_is_clipped_to_it() {
        let rows = summary(vec![
            span(1, 0, "gateway", "root", 0..100),
            span(2, 1, "orders", "call", 20..60),
            span(3, 2, "payment", "late", 50..90),
        ]);
        assert_eq!(
            rows,
            [
                row("gateway", "root", 1, 60),
                row("payment", "late", 1, 40),
                row("orders", "call", 1, 30),
            ]
        );
    }

    #[test]
    fn time_after_the_root_has_ended_does_not_count() {
        let rows = summary(vec![
            span(1, 0, "gateway", "root", 0..100),
            span(2, 1, "orders", "background", 90..500),
        ]);
        assert_eq!(
            rows,
            [
                row("gateway", "root", 1, 90),
                row("orders", "background", 1, 10),
            ]
        );
    }

    #[test]
    fn without_the_root_the_orphans_span_the_window() {
        let trace = Trace::new(vec![
            span(2, 1, "orders", "a", 10..35),
            span(3, 1, "payment", "b", 50..60),
        ]);
        let analysis = Analysis::new(&trace);
        assert_eq!(analysis.total, Duration::from_millis(50));
        let of_total = |group: &Group<'_>| (group.share * 100.0).round();
        let percent: Vec<_> = analysis.groups.iter().map(of_total).collect();
        assert_eq!(percent, [50.0, 20.0]);
    }

    #[test]
    fn no_spans_no_groups() {
        assert_eq!(summary(vec![]), []);
    }
}
