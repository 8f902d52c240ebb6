//! The place of an event: its spans and its trace.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use tracing::Event;
use tracing::field::{Field, Visit};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::bridged::{Bridged, context_of};
use crate::record::{LOG_TARGET, is_log};
use crate::takes::{is_marker, is_opentelemetry};

/// Finds a value for a line in a context.
pub(super) type Extra = Arc<dyn Fn(&Context) -> Option<Cow<'static, str>> + Send + Sync>;

/// The spans around an event.
pub(super) struct Place<'a, S: LookupSpan<'a>> {
    /// The innermost one.
    pub(super) span: Option<SpanRef<'a, S>>,
    /// Returns the fields of a span as the `fmt` layer has formatted them.
    pub(super) formatted: Option<Formatted<S>>,
    pub(super) extras: &'a [(&'static str, Extra)],
}

/// Passes on the text of a span's fields.
pub(super) type Formatted<S> =
    for<'a> fn(&SpanRef<'a, S>, &mut dyn FnMut(&str) -> fmt::Result) -> fmt::Result;

/// The fields of one span in a line.
pub(super) enum Fields<'a> {
    Kept(&'a [KeyValue]),
    Formatted(&'a str),
}

impl<'a, S: for<'b> LookupSpan<'b>> Place<'a, S> {
    /// Each span from the outermost to the innermost, with its fields.
    pub(super) fn spans(
        &self,
        with_fields: bool,
        write: &mut dyn FnMut(&'static str, &Fields<'_>) -> fmt::Result,
    ) -> fmt::Result {
        match &self.span {
            Some(span) => self.outer_first(span, with_fields, write),
            None => Ok(()),
        }
    }

    /// Recursion avoids collecting the spans, which would allocate. A chain of spans is short.
    fn outer_first(
        &self,
        span: &SpanRef<'_, S>,
        with_fields: bool,
        write: &mut dyn FnMut(&'static str, &Fields<'_>) -> fmt::Result,
    ) -> fmt::Result {
        if let Some(parent) = span.parent() {
            self.outer_first(&parent, with_fields, write)?;
        }
        if is_marker(span.metadata()) {
            return Ok(());
        }
        let name = span.name();
        if !with_fields {
            return write(name, &Fields::Kept(&[]));
        }
        let extensions = span.extensions();
        match (extensions.get::<Bridged>(), self.formatted) {
            (Some(bridged), None) => write(name, &Fields::Kept(&bridged.fields)),
            (None, None) => write(name, &Fields::Kept(&[])),
            (_, Some(formatted)) => {
                drop(extensions);
                formatted(span, &mut |text| write(name, &Fields::Formatted(text)))
            }
        }
    }

    /// The ids, and the other values that the line takes from the context.
    pub(super) fn trace(
        &self,
        event: &Event<'_>,
        write: &mut dyn FnMut(&'static str, &dyn fmt::Display) -> fmt::Result,
    ) -> fmt::Result {
        // The SDK logs while it borrows the stack of contexts, which cannot be accessed then.
        if is_opentelemetry(event.metadata().target()) {
            return Ok(());
        }
        let explicit = event
            .parent()
            .and(self.span.as_ref())
            .and_then(|span| span.scope().find_map(|span| context_of(&span)));
        let mut describe = |context: &Context| -> fmt::Result {
            let span = context.span();
            let span = span.span_context();
            if span.is_valid() {
                write("trace_id", &span.trace_id())?;
                write("span_id", &span.span_id())?;
            }
            Ok(())
        };
        match &explicit {
            Some(context) => describe(context)?,
            None => Context::map_current(&mut describe)?,
        }
        if self.extras.is_empty() {
            return Ok(());
        }
        // The functions that look for a value may ask for the current context, too.
        let context = explicit.unwrap_or_else(Context::current);
        for (name, find) in self.extras {
            let value: Option<Cow<'static, str>> = find(&context);
            if let Some(value) = value {
                write(name, &value)?;
            }
        }
        Ok(())
    }
}

/// Passes on the target: that of the record, if the event comes from the `log` crate.
pub(super) fn with_target(
    event: &Event<'_>,
    take: &mut dyn FnMut(&str) -> fmt::Result,
) -> fmt::Result {
    if !is_log(event.metadata()) {
        return take(event.metadata().target());
    }
    let mut target = Target {
        take,
        result: Ok(()),
    };
    event.record(&mut target);
    target.result
}

struct Target<'a> {
    take: &'a mut dyn FnMut(&str) -> fmt::Result,
    result: fmt::Result,
}

impl Visit for Target<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == LOG_TARGET {
            self.result = (self.take)(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
