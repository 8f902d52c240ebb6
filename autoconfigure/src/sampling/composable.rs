//! What a sampler intends, before the decision, so that other samplers can build on it.

use super::rule::Rule;
use super::start::Start;
use super::threshold::Threshold;
use super::trace_state;

/// A part of a [`Composite`](super::Composite).
#[derive(Clone, Debug)]
pub(crate) enum Composable {
    AlwaysOn,
    AlwaysOff,
    Probability(Threshold),
    /// Follows the parent's threshold, or this sampler if there is no parent.
    ParentThreshold(Box<Composable>),
    /// Applies the first sampler whose rule holds. Samples nothing if no rule holds.
    RuleBased(Vec<(Rule, Composable)>),
}

/// The intended decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Intent {
    /// `None` samples nothing.
    pub(super) threshold: Option<Threshold>,
    /// Whether spans can be counted with the threshold.
    pub(super) is_reliable: bool,
}

impl Composable {
    /// Samples this ratio, from 0 to 1.
    pub(crate) fn probability(ratio: f64) -> Self {
        match Threshold::of_ratio(ratio) {
            Some(threshold) => Self::Probability(threshold),
            None => Self::AlwaysOff,
        }
    }

    pub(super) fn intent(&self, start: &Start<'_>) -> Intent {
        match self {
            Self::AlwaysOn => Intent::reliable(Threshold::NONE_REJECTED),
            Self::AlwaysOff => Intent::NOTHING,
            Self::Probability(threshold) => Intent::reliable(*threshold),
            Self::ParentThreshold(root) => match start.parent {
                None => root.intent(start),
                Some(parent) => match trace_state::threshold(parent.trace_state()) {
                    Some(threshold) => Intent::reliable(threshold),
                    None if parent.is_sampled() => Intent {
                        threshold: Some(Threshold::NONE_REJECTED),
                        is_reliable: false,
                    },
                    None => Intent::NOTHING,
                },
            },
            Self::RuleBased(rules) => {
                let first = rules.iter().find(|(rule, _)| rule.holds(start));
                first.map_or(Intent::NOTHING, |(_, sampler)| sampler.intent(start))
            }
        }
    }
}

impl Intent {
    const NOTHING: Self = Self {
        threshold: None,
        is_reliable: false,
    };

    fn reliable(threshold: Threshold) -> Self {
        Self {
            threshold: Some(threshold),
            is_reliable: true,
        }
    }
}
