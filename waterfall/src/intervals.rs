//! Sets of time intervals, so that overlapping spans are never counted twice.

use std::ops::Range;
use std::time::Duration;

/// Disjoint intervals in ascending order, in nanoseconds since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Intervals(Vec<Range<u64>>);

impl Intervals {
    pub(crate) fn union(intervals: impl IntoIterator<Item = Range<u64>>) -> Self {
        let mut sorted: Vec<_> = intervals
            .into_iter()
            .filter(|interval| !interval.is_empty())
            .collect();
        sorted.sort_by_key(|interval| interval.start);

        let mut disjoint: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
        for interval in sorted {
            match disjoint.last_mut() {
                Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
                _ => disjoint.push(interval),
            }
        }
        Self(disjoint)
    }

    /// The parts of `whole` outside of these intervals.
    pub(crate) fn gaps_in(&self, whole: Range<u64>) -> Self {
        let mut gaps = Vec::new();
        let mut position = whole.start;
        for taken in &self.0 {
            gaps.push(position..taken.start.min(whole.end));
            position = position.max(taken.end);
        }
        gaps.push(position..whole.end);
        Self::union(gaps)
    }

    pub(crate) fn within(&self, window: &Range<u64>) -> Self {
        Self::union(
            self.0
                .iter()
                .map(|interval| interval.start.max(window.start)..interval.end.min(window.end)),
        )
    }

    pub(crate) fn length(&self) -> Duration {
        Duration::from_nanos(
            self.0
                .iter()
                .map(|interval| interval.end - interval.start)
                .sum(),
        )
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_merges_what_overlaps_or_touches() {
        let union = Intervals::union([30..40, 0..10, 5..12, 12..15, 20..20]);
        assert_eq!(union, Intervals(vec![0..15, 30..40]));
        assert_eq!(union.length(), Duration::from_nanos(25));
    }

    #[test]
    fn gaps_ignore_what_lies_outside() {
        type Bounds = &'static [(u64, u64)];
        let table: [(Bounds, Bounds); 6] = [
            (&[], &[(10, 50)]),
            (&[(10, 50)], &[]),
            (&[(0, 20), (40, 90)], &[(20, 40)]),
            (&[(60, 70)], &[(10, 50)]),
            (&[(0, 5)], &[(10, 50)]),
            (&[(20, 30)], &[(10, 20), (30, 50)]),
        ];
        for (taken, gaps) in table {
            let union = Intervals::union(taken.iter().map(|(start, end)| *start..*end));
            let gaps_found: Vec<_> = union
                .gaps_in(10..50)
                .iter()
                .map(|gap| (gap.start, gap.end))
                .collect();
            assert_eq!(gaps_found, gaps, "{taken:?}");
        }
    }

    #[test]
    fn within_clips_to_the_window() {
        let intervals = Intervals::union([0..20, 30..60, 70..80]);
        assert_eq!(intervals.within(&(10..50)), Intervals(vec![10..20, 30..50]));
    }
}
