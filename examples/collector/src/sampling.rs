//! What the gateways have kept, and whether it is what their policies say.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::spans::{Span, Spans, duration_ms};

#[derive(Debug)]
pub(crate) struct Kept {
    gateways: [Spans; 2],
    /// How many spans of each trace there are.
    counts: BTreeMap<String, usize>,
    errors: Share,
    slow: Share,
    rest: Share,
}

/// How many of how many.
#[derive(Debug, Default)]
struct Share {
    kept: usize,
    all: usize,
}

impl Kept {
    pub(crate) fn read(data: &Path, all: &Spans) -> Result<Self> {
        let read = |name: &str| Spans::read(&data.join(format!("kept-{name}.jsonl")));
        let mut kept = Self {
            gateways: [read("a")?, read("b")?],
            counts: BTreeMap::new(),
            errors: Share::default(),
            slow: Share::default(),
            rest: Share::default(),
        };
        for (id, trace) in all.traces() {
            let found = kept.gateways.iter().filter_map(|gateway| gateway.of(id));
            let count: usize = found.map(BTreeMap::len).sum();
            if count > 0 {
                kept.counts.insert(id.clone(), count);
            }
            let share = match (is_error(trace), duration_ms(trace)) {
                (true, _) => &mut kept.errors,
                (false, SLOW_MS..) => &mut kept.slow,
                (false, _) => &mut kept.rest,
            };
            share.all += 1;
            share.kept += usize::from(count > 0);
        }
        Ok(kept)
    }

    pub(crate) fn counts(&self) -> &BTreeMap<String, usize> {
        &self.counts
    }

    pub(crate) fn traces(&self) -> impl Iterator<Item = &String> {
        self.counts.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    pub(crate) fn has_all_that_has_to_be(&self, all: &Spans) -> bool {
        self.assert_policies(all).is_ok()
    }

    /// Every error, everything slow and a tenth of the rest, each with all of its spans at one of
    /// the gateways.
    pub(crate) fn assert_policies(&self, all: &Spans) -> Result<()> {
        for (id, count) in &self.counts {
            let expected = all.of(id).map_or(0, BTreeMap::len);
            ensure!(
                *count == expected,
                "{count} of {expected} spans of trace {id} were kept"
            );
            let both = self.gateways.iter().all(|gateway| gateway.of(id).is_some());
            ensure!(!both, "trace {id} was torn between the gateways");
        }
        let Self {
            errors, slow, rest, ..
        } = self;
        ensure!(
            errors.kept == errors.all,
            "{} of {} errors were kept",
            errors.kept,
            errors.all
        );
        ensure!(
            slow.kept == slow.all,
            "{} of {} slow ones were kept",
            slow.kept,
            slow.all
        );
        // Four standard deviations: one run in 15,000 is outside.
        let (kept, of) = (rest.kept as f64, rest.all as f64);
        let bound = 4.0 * (of * SHARE * (1.0 - SHARE)).sqrt();
        ensure!(
            (kept - of * SHARE).abs() <= bound,
            "{kept} of {of} others were kept, which is no tenth"
        );
        Ok(())
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            errors, slow, rest, ..
        } = self;
        write!(
            f,
            "{} traces kept: {} of {} with an error, {} of {} slow ones, {} of {} others",
            self.len(),
            errors.kept,
            errors.all,
            slow.kept,
            slow.all,
            rest.kept,
            rest.all
        )
    }
}

fn is_error(trace: &BTreeMap<String, Span>) -> bool {
    trace.values().any(|span| span.is_error)
}

/// The policy keeps what takes longer than 200 whole milliseconds.
const SLOW_MS: u64 = 201;
/// And of the rest this share.
const SHARE: f64 = 0.1;
