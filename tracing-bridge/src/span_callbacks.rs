//! The callbacks of the layer.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::registry::{LookupSpan, SpanRef};
use tracing_subscriber::{Layer, layer};

use crate::activity::Activity;
use crate::bridged::{Bridged, context_of};
use crate::changes::Changes;
use crate::held::is_held;
use crate::request::Request;
use crate::span_events::{self, is_error};
use crate::span_layer::SpanLayer;
use crate::takes::{is_marker, is_opentelemetry};

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: layer::Context<'_, S>) {
        let metadata = attributes.metadata();
        if is_held(metadata) || !self.choice.takes(metadata) {
            return;
        }
        let tracers = self.tracers.clone();
        let exported = tracers.and_then(|it| Some((it, parent(attributes, &cx)?)));
        if exported.is_none() && !self.keeps_fields {
            return;
        }
        let capacity = attributes.fields().len() + self.details.len();
        let mut changes = Changes::with_capacity(capacity, self.keeps_fields);
        attributes.record(&mut changes);
        let mut bridged = match exported {
            Some((tracers, parent)) if !is_marker(metadata) => {
                let fields = match self.keeps_fields {
                    true => changes.attributes.clone(),
                    false => Vec::new(),
                };
                if !self.details.is_empty() {
                    self.details.add(metadata, &mut changes.attributes);
                }
                Bridged::draft(tracers, metadata, parent, changes, fields)
            }
            exported => Bridged::unexported(exported.map(|(_, parent)| parent), changes),
        };
        if self.details.activity {
            bridged.activity = Some(Box::new(Activity::new()));
        }
        if let Some(span) = cx.span(id) {
            span.extensions_mut().insert(bridged);
        }
    }

    fn on_enter(&self, id: &Id, cx: layer::Context<'_, S>) {
        let Some(span) = cx.span(id) else {
            return;
        };
        if let Some(context) = context_of(&span) {
            self.owner.attach(id, context);
        }
        if self.details.activity {
            with_activity(&span, Activity::enter);
        }
    }

    fn on_exit(&self, id: &Id, cx: layer::Context<'_, S>) {
        self.owner.detach(id);
        if self.details.activity
            && let Some(span) = cx.span(id)
        {
            with_activity(&span, Activity::exit);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: layer::Context<'_, S>) {
        let Some(span) = cx.span(id) else {
            return;
        };
        let mut changes = Changes::with_capacity(values.len(), self.keeps_fields);
        values.record(&mut changes);
        let late = match span.extensions_mut().get_mut::<Bridged>() {
            Some(bridged) => bridged.change(changes),
            None => None,
        };
        if let Some(late) = late {
            late.apply();
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, cx: layer::Context<'_, S>) {
        let Some(span) = cx.span(id) else {
            return;
        };
        if id == follows {
            return answer(&span);
        }
        let followed = cx.span(follows);
        if let Some(context) = followed.and_then(|span| context_of(&span)) {
            let link = context.span().span_context().clone();
            let link = Request::Link(link, Vec::new());
            let outcome = span
                .extensions_mut()
                .get_mut::<Bridged>()
                .map(|it| it.ask(link));
            if let Some(Err(link)) = outcome
                && let Some(context) = context_of(&span)
            {
                link.apply(&context);
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: layer::Context<'_, S>) {
        let is_error = is_error(event.metadata());
        if (is_error || self.adds_events)
            && !is_opentelemetry(event.metadata().target())
            && let Some(span) = cx.event_span(event)
        {
            span_events::add(event, &span, is_error, self.adds_events);
        }
    }

    fn on_close(&self, id: Id, cx: layer::Context<'_, S>) {
        let Some(span) = cx.span(&id) else {
            return;
        };
        let closed = span
            .extensions_mut()
            .get_mut::<Bridged>()
            .map(Bridged::close);
        if let Some(closed) = closed {
            closed.end();
        }
    }
}

fn with_activity<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, change: fn(&mut Activity)) {
    let mut extensions = span.extensions_mut();
    let bridged = extensions.get_mut::<Bridged>();
    if let Some(activity) = bridged.and_then(|bridged| bridged.activity.as_deref_mut()) {
        change(activity);
    }
}

/// The context that a new span belongs to. `None` if telemetry is suppressed there.
fn parent<S>(attributes: &Attributes<'_>, cx: &layer::Context<'_, S>) -> Option<Context>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let current = Context::map_current(|current| {
        (!current.is_telemetry_suppressed()).then(|| match attributes.is_contextual() {
            true => current.clone(),
            false => Context::new(),
        })
    })?;
    let explicit = attributes.parent().and_then(|id| {
        // A span that is not exported leaves no gap: its parent takes its place.
        let mut scope = cx.span_scope(id)?;
        scope.find_map(|span| context_of(&span))
    });
    Some(explicit.unwrap_or(current))
}

/// Answers a request of [`OtelSpanExt`](crate::OtelSpanExt).
fn answer<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) {
    let Some(request) = Request::take() else {
        return;
    };
    let outcome = match span.extensions_mut().get_mut::<Bridged>() {
        Some(bridged) => bridged.ask(request),
        None => return request.put_back(),
    };
    let answer = match outcome {
        Ok(answer) => answer,
        Err(request) => match context_of(span) {
            Some(context) => request.apply(&context),
            None => return request.put_back(),
        },
    };
    answer.give();
}
