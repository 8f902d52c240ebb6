//! Operations of OpenTelemetry on spans that `tracing` does not have.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, Status};
use opentelemetry::{Context, Key, KeyValue, Value};
use tracing::Span;

use crate::request::{Answer, Request};

/// The OpenTelemetry side of a [`tracing::Span`].
///
/// It has the same methods as the `OpenTelemetrySpanExt` of tracing-opentelemetry. The methods of
/// that trait do nothing with a [`SpanLayer`](crate::SpanLayer). The methods here do nothing with
/// the layer of tracing-opentelemetry, and on spans that are disabled.
///
/// With a [`ContextSubscriber`](crate::ContextSubscriber), they also work on `Span::current()` if
/// no `tracing` span is entered. In a plain handler that is the server span.
///
/// ```
/// use otel_tracing_bridge::OtelSpanExt;
/// use tracing::Span;
///
/// async fn handler() {
///     Span::current().set_attribute("order.id", 7);
/// }
/// # tracing::info_span!("ignored").in_scope(handler);
/// ```
pub trait OtelSpanExt {
    /// Makes the span a child of the one in `parent`.
    ///
    /// # Errors
    ///
    /// If no layer exports the span, or if the span has already started: by being entered, or by a
    /// call of [`context`](Self::context).
    fn set_parent(&self, parent: Context) -> Result<(), SetParentError>;

    /// Starts the span and returns the context with it. The context is empty if no layer exports
    /// the span.
    fn context(&self) -> Context;

    /// Sets an attribute. It need not be declared as a field.
    fn set_attribute(&self, key: impl Into<Key>, value: impl Into<Value>);

    /// Adds a link. Samplers see it if the span has not started.
    fn add_link(&self, span: SpanContext) {
        self.add_link_with_attributes(span, Vec::new());
    }

    /// Adds a link with attributes. A link to an invalid span is ignored.
    fn add_link_with_attributes(&self, span: SpanContext, attributes: Vec<KeyValue>);

    /// Sets the status. `Ok` is final, and an error cannot be reset to unset.
    fn set_status(&self, status: Status);

    /// Renames the span.
    fn update_name(&self, name: impl Into<Cow<'static, str>>);

    /// Adds an event with the current time, and starts the span.
    fn add_event(&self, name: impl Into<Cow<'static, str>>, attributes: Vec<KeyValue>) {
        self.add_event_with_timestamp(name, opentelemetry::time::now(), attributes);
    }

    /// Adds an event, and starts the span.
    fn add_event_with_timestamp(
        &self,
        name: impl Into<Cow<'static, str>>,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    );
}

impl OtelSpanExt for Span {
    fn set_parent(&self, parent: Context) -> Result<(), SetParentError> {
        match Request::SetParent(parent).send(self) {
            Some(Answer::Done | Answer::Context(_)) => Ok(()),
            Some(Answer::TooLate) => Err(SetParentError(Reason::Started)),
            None => Err(SetParentError(Reason::Unknown)),
        }
    }

    fn context(&self) -> Context {
        match Request::Context.send(self) {
            Some(Answer::Context(context)) => context,
            Some(Answer::Done | Answer::TooLate) | None => Context::new(),
        }
    }

    fn set_attribute(&self, key: impl Into<Key>, value: impl Into<Value>) {
        Request::Attribute(KeyValue::new(key, value)).send(self);
    }

    fn add_link_with_attributes(&self, span: SpanContext, attributes: Vec<KeyValue>) {
        if span.is_valid() {
            Request::Link(span, attributes).send(self);
        }
    }

    fn set_status(&self, status: Status) {
        Request::Status(status).send(self);
    }

    fn update_name(&self, name: impl Into<Cow<'static, str>>) {
        Request::Name(name.into()).send(self);
    }

    fn add_event_with_timestamp(
        &self,
        name: impl Into<Cow<'static, str>>,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) {
        Request::Event(name.into(), timestamp, attributes).send(self);
    }
}

/// Why the parent of a span could not be set.
#[derive(Clone, Debug)]
pub struct SetParentError(Reason);

#[derive(Clone, Debug)]
enum Reason {
    Started,
    Unknown,
}

impl SetParentError {
    /// `true` if the span had already started. Otherwise no layer exports it.
    #[must_use]
    pub fn is_too_late(&self) -> bool {
        matches!(self.0, Reason::Started)
    }
}

impl fmt::Display for SetParentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reason::Started => "the span has been started, and keeps its parent",
            Reason::Unknown => "the span is disabled, or no SpanLayer knows it",
        })
    }
}

impl Error for SetParentError {}
