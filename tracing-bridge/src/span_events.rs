//! What events change in the span around them.

use opentelemetry::KeyValue;
use opentelemetry::trace::{Status, TraceContextExt};
use tracing::{Event, Metadata};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::bridged::{Bridged, context_of};
use crate::changes::{Changes, ERROR};

/// Whether this is an event of `#[instrument(err)]`, at any level: its only field is `error`.
pub(crate) fn is_error(metadata: &Metadata<'_>) -> bool {
    let fields = metadata.fields();
    fields.len() == 1 && fields.iter().all(|field| field.name() == ERROR)
}

/// Sets the status to error if the event is one, and adds an event to the span if that is enabled.
pub(crate) fn add<'a, S: LookupSpan<'a>>(
    event: &Event<'_>,
    span: &SpanRef<'a, S>,
    is_error: bool,
    adds_events: bool,
) {
    let metadata = event.metadata();
    let mut changes = Changes::with_capacity(metadata.fields().len() + 1, false);
    event.record(&mut changes);
    let nearest = || {
        span.scope()
            .find(|span| span.extensions().get::<Bridged>().is_some())
    };
    if adds_events && let Some(context) = nearest().and_then(|span| context_of(&span)) {
        let (name, attributes) = describe(event, &changes);
        context.span().add_event(name, attributes);
    }
    // The macro's event has the target of its span. If the macro's span is disabled, the event
    // arrives in another span.
    if is_error && span.metadata().target() == metadata.target() {
        changes.attributes.clear();
        let late = match span.extensions_mut().get_mut::<Bridged>() {
            Some(bridged) => bridged.change(changes),
            None => None,
        };
        if let Some(late) = late {
            late.apply();
        }
    }
}

/// The message is the name. An error without a message is named `exception`.
fn describe(event: &Event<'_>, changes: &Changes) -> (String, Vec<KeyValue>) {
    let metadata = event.metadata();
    let mut name = metadata.name().to_owned();
    let mut attributes = changes.attributes.clone();
    attributes.push(KeyValue::new("level", metadata.level().as_str()));
    if let Status::Error { description } = &changes.status {
        "exception".clone_into(&mut name);
        attributes.push(KeyValue::new("exception.message", description.to_string()));
    }
    let is_message = |it: &KeyValue| it.key.as_str() == "message";
    if let Some(index) = attributes.iter().position(is_message) {
        name = attributes.remove(index).value.to_string();
    }
    (name, attributes)
}
