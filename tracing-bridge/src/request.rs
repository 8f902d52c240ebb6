//! How the methods of [`OtelSpanExt`](crate::OtelSpanExt) reach the layer, through all subscribers
//! and layers around it.
//!
//! They leave a request on the thread and tell the subscriber that the span follows from itself.
//! Every subscriber passes this on to its layers, and no other code does it.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing::{Dispatch, Span};

/// A request about a span.
pub(crate) enum Request {
    SetParent(Context),
    Context,
    Attribute(KeyValue),
    Link(SpanContext, Vec<KeyValue>),
    Status(Status),
    Name(Cow<'static, str>),
    Event(Cow<'static, str>, SystemTime, Vec<KeyValue>),
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    TooLate,
    Context(Context),
}

impl Request {
    /// Sends the request to the layer that knows the span. `None` if there is none.
    pub(crate) fn send(self, span: &Span) -> Option<Answer> {
        span.with_subscriber(|(id, dispatch): (_, &Dispatch)| {
            self.forward(|| dispatch.record_follows_from(id, id))
        })
        .flatten()
    }

    /// Leaves the request on the thread while `tell` calls the subscriber.
    pub(crate) fn forward(self, tell: impl FnOnce()) -> Option<Answer> {
        let outer = PENDING.replace(Some(self));
        ANSWER.set(None);
        tell();
        PENDING.set(outer);
        ANSWER.take()
    }

    /// Takes the pending request of this thread, for the first layer that knows the span.
    pub(crate) fn take() -> Option<Self> {
        PENDING.take()
    }

    /// Leaves the request for the next layer.
    pub(crate) fn put_back(self) {
        PENDING.set(Some(self));
    }

    /// Applies the request to a span that has started.
    pub(crate) fn apply(self, context: &Context) -> Answer {
        let span = context.span();
        match self {
            Self::SetParent(_) => return Answer::TooLate,
            Self::Context => return Answer::Context(context.clone()),
            Self::Attribute(attribute) => span.set_attribute(attribute),
            Self::Link(link, attributes) => span.add_link(link, attributes),
            Self::Status(status) => span.set_status(status),
            Self::Name(name) => span.update_name(name),
            Self::Event(name, timestamp, attributes) => {
                span.add_event_with_timestamp(name, timestamp, attributes);
            }
        }
        Answer::Done
    }
}

impl Answer {
    pub(crate) fn give(self) {
        ANSWER.set(Some(self));
    }
}

thread_local! {
    static PENDING: Cell<Option<Request>> = const { Cell::new(None) };
    static ANSWER: Cell<Option<Answer>> = const { Cell::new(None) };
}
