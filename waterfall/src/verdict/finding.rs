//! The finding of a rule.

use std::collections::{BTreeMap, HashSet};

use opentelemetry::trace::SpanId;

use crate::intervals::Intervals;
use crate::span::{Kind, Span};
use crate::trace::Trace;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// The share of the total time that it explains, from 0 to 1.
    pub(crate) share: f64,
    /// The spans that it is based on.
    pub(crate) spans: HashSet<SpanId>,
    /// The sentence with its evidence, which stands alone.
    pub(crate) text: String,
    /// A shorter text for a context that already names the spans.
    pub(crate) about_all: Option<String>,
}

impl Finding {
    pub(super) fn new<'a>(
        share: f64,
        spans: impl IntoIterator<Item = &'a Span>,
        text: String,
    ) -> Self {
        Self {
            share,
            spans: spans.into_iter().map(|span| span.span_id).collect(),
            text,
            about_all: None,
        }
    }

    pub(super) fn in_short(mut self, text: String) -> Self {
        self.about_all = Some(text);
        self
    }

    /// Whether the other finding is about spans of this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        other.spans.iter().any(|span| self.spans.contains(span))
    }
}

/// The share of the trace's time that these intervals cover, from 0 to 1.
pub(super) fn share(
    trace: &Trace,
    intervals: impl IntoIterator<Item = std::ops::Range<u64>>,
) -> f64 {
    let covered = Intervals::union(intervals).within(&trace.window());
    covered.length().as_secs_f64() / trace.duration().as_secs_f64().max(f64::MIN_POSITIVE)
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Groups what each span did by `key`: its children, and the children of steps within the same
/// service, because an instrumentation may put each into a span of its own. Spans without a key are
/// left out. Groups are sorted by the start of their first span.
pub(super) fn siblings<'a, K: Ord>(
    trace: &'a Trace,
    key: impl Fn(&'a Span) -> Option<K>,
) -> Vec<Vec<&'a Span>> {
    let mut groups: BTreeMap<_, Vec<&Span>> = BTreeMap::new();
    let mut waiting: Vec<_> = trace.tops().map(|top| (top, top)).collect();
    while let Some((span, doer)) = waiting.pop() {
        if let Some(key) = key(span).filter(|_| span.span_id != doer.span_id) {
            let doer = doer.span_id.to_bytes();
            groups.entry((doer, key)).or_default().push(span);
        }
        let is_step = span.kind == Kind::Internal && span.service == doer.service;
        let doer = if is_step { doer } else { span };
        waiting.extend(trace.children(span).map(|child| (child, doer)));
    }
    for group in groups.values_mut() {
        group.sort_by_key(|span| span.start_unix_nano);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| group.first().map(|span| span.start_unix_nano));
    groups
}

/// Whether each span begins after the end of the span before.
pub(super) fn is_sequence(spans: &[&Span]) -> bool {
    spans
        .iter()
        .zip(spans.iter().skip(1))
        .all(|(one, next)| one.end_unix_nano <= next.start_unix_nano)
}

/// The finding with the largest share, if it is large enough to report.
pub(super) fn largest(findings: impl IntoIterator<Item = Finding>) -> Option<Finding> {
    findings
        .into_iter()
        .filter(|finding| finding.share >= WORTH_A_WORD)
        .max_by(|one, other| one.share.total_cmp(&other.share))
}

const WORTH_A_WORD: f64 = 0.1;
