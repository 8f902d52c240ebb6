//! Which traces the gateways have kept, and whether this follows their policies.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};

use crate::spans::{Spans, Trace};

#[derive(Debug)]
pub(crate) struct Kept<'a> {
    all: &'a Spans,
    /// The number of spans of each trace that each gateway has kept.
    counts: BTreeMap<&'a String, Vec<usize>>,
}

/// Why a trace is kept, if it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Reason {
    Error,
    Slow,
    Chance,
}

impl<'a> Kept<'a> {
    /// The decisions about all traces that the agent has sent on.
    pub(crate) fn new(all: &'a Spans, gateways: &[Spans]) -> Self {
        let counts = all.traces().filter_map(|(id, _)| {
            let counts = gateways.iter().filter_map(|gateway| gateway.of(id));
            let counts: Vec<_> = counts.map(Trace::len).collect();
            (!counts.is_empty()).then_some((id, counts))
        });
        Self {
            counts: counts.collect(),
            all,
        }
    }

    pub(crate) fn all(&self) -> &'a Spans {
        self.all
    }

    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    pub(crate) fn traces(&self) -> impl Iterator<Item = (&'a String, &'a Trace)> {
        let kept = self.counts.keys();
        kept.filter_map(|id| Some((*id, self.all.of(id)?)))
    }

    /// Traces with an error and slow ones that no gateway has kept.
    pub(crate) fn lost(&self) -> Vec<&'a String> {
        let missing = self.all.traces().filter(|(id, trace)| {
            Reason::of(trace) != Reason::Chance && !self.counts.contains_key(id)
        });
        missing.map(|(id, _)| id).collect()
    }

    /// Traces that were kept without all of their spans, or in parts by several gateways.
    pub(crate) fn torn(&self) -> Vec<&'a String> {
        let torn = self.counts.iter().filter(|(id, counts)| {
            let expected = self.all.of(id).map_or(0, Trace::len);
            counts[..] != [expected]
        });
        torn.map(|(id, _)| *id).collect()
    }

    /// All traces with an error, all slow ones and a tenth of the rest must be kept, each with all
    /// of its spans at one of the gateways.
    pub(crate) fn assert_policies(&self) -> Result<()> {
        let torn = self.torn();
        ensure!(torn.is_empty(), "{} traces were torn: {torn:?}", torn.len());
        let lost = self.lost();
        ensure!(
            lost.is_empty(),
            "{} traces are missing: {lost:?}",
            lost.len()
        );
        self.assert_chance()
    }

    pub(crate) fn assert_chance(&self) -> Result<()> {
        let (kept, all) = self.share(Reason::Chance);
        ensure!(
            is_plausible(kept, all, SHARE),
            "{kept} of {all} others were kept, which is no tenth"
        );
        Ok(())
    }

    /// The number of kept traces, and of all traces.
    fn share(&self, reason: Reason) -> (usize, usize) {
        let all = self
            .all
            .traces()
            .filter(|(_, trace)| Reason::of(trace) == reason);
        let is_kept = all.map(|(id, _)| self.counts.contains_key(id));
        is_kept.fold((0, 0), |(kept, all), is_kept| {
            (kept + usize::from(is_kept), all + 1)
        })
    }
}

impl fmt::Display for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |reason| {
            let (kept, all) = self.share(reason);
            format!("{kept} of {all}")
        };
        write!(
            f,
            "{} kept by policy: {} with an error, {} slow ones, {} others",
            self.len(),
            share(Reason::Error),
            share(Reason::Slow),
            share(Reason::Chance)
        )
    }
}

impl Reason {
    fn of(trace: &Trace) -> Self {
        match (trace.is_error(), trace.duration_ms()) {
            (true, _) => Self::Error,
            (false, SLOW_MS..) => Self::Slow,
            (false, _) => Self::Chance,
        }
    }
}

/// Whether this count is plausible: chance gives so few or so many in no more than one of 100,000
/// cases each.
fn is_plausible(kept: usize, all: usize, share: f64) -> bool {
    let mut exactly = (1.0 - share).powi(all.try_into().unwrap_or(i32::MAX));
    let (mut at_most, mut at_least) = (0.0, 0.0);
    for number in 0..=all {
        if number <= kept {
            at_most += exactly;
        }
        if number >= kept {
            at_least += exactly;
        }
        exactly *= (all - number) as f64 / (number + 1) as f64 * share / (1.0 - share);
    }
    at_most > UNLIKELY && at_least > UNLIKELY
}

/// The policy keeps traces that take longer than 200 whole milliseconds.
const SLOW_MS: u64 = 201;
/// The share of the rest that is kept.
const SHARE: f64 = 0.1;
const UNLIKELY: f64 = 1e-5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenth_is_known_by_the_binomial_distribution() {
        // For 400, the quantiles are 19 and 68.
        for (kept, all, expected) in [
            (0, 0, true),
            (1, 10, true),
            (10, 10, false),
            (40, 400, true),
            (20, 400, true),
            (14, 400, false),
            (68, 400, true),
            (72, 400, false),
            (400, 400, false),
            (0, 100, true),
            (0, 400, false),
        ] {
            assert_eq!(is_plausible(kept, all, SHARE), expected, "{kept} of {all}");
        }
    }
}
