//! How the methods of [`OtelSpanExt`](crate::OtelSpanExt) reach the layer, through whatever lies
//! around it.
//!
//! They leave a request on the thread and tell the subscriber that the span follows from itself,
//! which every subscriber passes on to its layers and which nothing else ever says.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing::{Dispatch, Span};

/// What is wanted of a span.
pub(crate) enum Request {
    SetParent(Context),
    Context,
    Attribute(KeyValue),
    Link(SpanContext, Vec<KeyValue>),
    Status(Status),
    Name(Cow<'static, str>),
    Event(Cow<'static, str>, SystemTime, Vec<KeyValue>),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    TooLate,
    Context(Context),
}

impl Request {
    /// Asks whoever knows the span. `None` if nobody does.
    pub(crate) fn send(self, span: &Span) -> Option<Answer> {
        span.with_subscriber(|(id, dispatch): (_, &Dispatch)| {
            self.forward(|| dispatch.record_follows_from(id, id))
        })
        .flatten()
    }

    /// Leaves the request on the thread while `tell` tells the subscriber.
    pub(crate) fn forward(self, tell: impl FnOnce()) -> Option<Answer> {
        let outer = PENDING.replace(Some(self));
        ANSWER.set(None);
        tell();
        PENDING.set(outer);
        ANSWER.take()
    }

    /// What has been asked on this thread, for the first that knows the span.
    pub(crate) fn take() -> Option<Self> {
        PENDING.take()
    }

    /// Passes it on.
    pub(crate) fn put_back(self) {
        PENDING.set(Some(self));
    }

    /// Does it to a span that has started.
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
