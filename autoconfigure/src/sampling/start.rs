//! A span that is about to start, with everything that rules can look at.

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::SpanKind;

pub(super) struct Start<'a> {
    pub(super) parent: Option<&'a SpanContext>,
    pub(super) kind: &'a SpanKind,
    pub(super) attributes: &'a [KeyValue],
}

/// Where the parent of a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    None,
    Remote,
    Local,
}

impl Parent {
    pub(super) fn of(start: &Start<'_>) -> Self {
        match start.parent {
            None => Self::None,
            Some(parent) if parent.is_remote() => Self::Remote,
            Some(_) => Self::Local,
        }
    }
}
