//! The OpenTelemetry side of a `tracing` span, kept in the span's extensions.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use opentelemetry::trace::{SpanBuilder, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing::Metadata;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::activity::Activity;
use crate::changes::{Changes, ERROR_TYPE};
use crate::draft::{Draft, put};
use crate::request::{Answer, Request};
use crate::tracers::Tracers;
use crate::waiting;

/// One `tracing` span.
///
/// The SDK is never called while the extensions are locked: its own log events reach layers that
/// want to read them.
pub(crate) struct Bridged {
    phase: Phase,
    /// `Some` in the phase `Draft`. It is separate because it is large and the phase is read often.
    draft: Option<Draft>,
    /// The fields, for lines.
    pub(crate) fields: Vec<KeyValue>,
    pub(crate) activity: Option<Box<Activity>>,
    is_error: bool,
    is_typed: bool,
}

enum Phase {
    /// Only its fields are needed.
    FieldsOnly,
    /// Not started: the parent may still change, and links and attributes are collected for the
    /// sampler.
    Draft,
    /// This thread is starting it.
    Starting(ThreadId),
    /// The span's own context.
    Started(Context),
    /// There is no span of its own: the parent's context.
    Passed(Context),
}

impl Phase {
    /// The phase after a draft was started: with its own context, or its parent's.
    fn of(started: Result<Context, Context>) -> Self {
        match started {
            Ok(context) => Self::Started(context),
            Err(parent) => Self::Passed(parent),
        }
    }
}

impl Bridged {
    /// A span that will start when it is entered, or when its context is requested.
    #[inline]
    pub(crate) fn draft(
        tracers: Arc<dyn Tracers>,
        metadata: &'static Metadata<'static>,
        parent: Context,
        changes: Changes,
        fields: Vec<KeyValue>,
    ) -> Self {
        let mut builder =
            SpanBuilder::from_name(changes.name.unwrap_or(Cow::Borrowed(metadata.name())));
        builder.span_kind = changes.kind;
        builder.start_time = Some(opentelemetry::time::now());
        builder.attributes = Some(changes.attributes);
        Self {
            phase: Phase::Draft,
            draft: Some(Draft {
                tracers,
                metadata,
                parent,
                status: changes.status,
                builder,
            }),
            fields,
            activity: None,
            is_error: changes.is_error,
            is_typed: changes.is_typed,
        }
    }

    /// A span only for lines. It passes on the context that it was created in, if one is given.
    pub(crate) fn unexported(parent: Option<Context>, changes: Changes) -> Self {
        Self {
            phase: parent.map_or(Phase::FieldsOnly, Phase::Passed),
            draft: None,
            fields: changes.attributes,
            activity: None,
            is_error: false,
            is_typed: false,
        }
    }

    /// Does what can be done before the start. Returns the request if it needs the span's context.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Answer, Request> {
        if let Request::Attribute(attribute) = &request {
            self.is_typed |= attribute.key.as_str() == ERROR_TYPE;
        }
        match (&mut self.draft, &self.phase) {
            (Some(draft), _) => draft.ask(request),
            (None, Phase::Passed(context)) => Ok(match request {
                Request::SetParent(_) => Answer::TooLate,
                Request::Context => Answer::Context(context.clone()),
                // The span would be the parent's.
                Request::Attribute(_)
                | Request::Link(..)
                | Request::Status(_)
                | Request::Name(_)
                | Request::Event(..) => Answer::Done,
            }),
            (None, _) => Err(request),
        }
    }

    /// Changes a span that has not started; otherwise returns the changes, for [`Late::apply`].
    pub(crate) fn change(&mut self, changes: Changes) -> Option<Late> {
        if changes.is_shared {
            for attribute in &changes.attributes {
                put(&mut self.fields, attribute.clone());
            }
        }
        self.is_error |= changes.is_error;
        self.is_typed |= changes.is_typed;
        match (&mut self.draft, &self.phase) {
            (Some(draft), _) => {
                draft.change(changes);
                None
            }
            (None, Phase::Started(context)) => Some(Late {
                context: context.clone(),
                changes,
            }),
            (None, _) => None,
        }
    }

    /// Closes the span. The remaining steps must be done without the extensions.
    #[inline]
    pub(crate) fn close(&mut self) -> Closed {
        Closed {
            phase: mem::replace(&mut self.phase, Phase::FieldsOnly),
            draft: self.draft.take().map(Box::new),
            activity: self.activity.take(),
            is_untyped_error: self.is_error && !self.is_typed,
        }
    }
}

/// Changes after the start.
pub(crate) struct Late {
    context: Context,
    changes: Changes,
}

impl Late {
    pub(crate) fn apply(self) {
        let Changes {
            name,
            status,
            attributes,
            ..
        } = self.changes;
        let span = self.context.span();
        if let Some(name) = name {
            span.update_name(name);
        }
        if !attributes.is_empty() {
            span.set_attributes(attributes);
        }
        if status != Status::Unset {
            span.set_status(status);
        }
    }
}

/// A span that can no longer be entered.
pub(crate) struct Closed {
    phase: Phase,
    /// The draft of a span that was never started, which is rare.
    draft: Option<Box<Draft>>,
    activity: Option<Box<Activity>>,
    is_untyped_error: bool,
}

impl Closed {
    /// Ends the span.
    pub(crate) fn end(self) {
        let phase = match self.draft {
            Some(draft) => Phase::of(draft.start()),
            None => self.phase,
        };
        let Phase::Started(context) = phase else {
            return;
        };
        let span = context.span();
        if self.is_untyped_error {
            span.set_attribute(KeyValue::new(ERROR_TYPE, OTHER));
        } else if thread::panicking() {
            span.set_attribute(KeyValue::new(ERROR_TYPE, "panic"));
            span.set_status(Status::error(""));
        }
        if let Some(activity) = self.activity {
            span.set_attributes(activity.attributes());
        }
        span.end();
    }
}

/// The context of a span, which is started if necessary; `None` if no layer exports it.
///
/// If another thread is starting the span, this waits, as for a lock. If the call comes from within
/// the start, for example from a sampler that logs, it returns the thread's current context.
pub(crate) fn context_of<'a, R>(span: &SpanRef<'a, R>) -> Option<Context>
where
    R: LookupSpan<'a>,
{
    match look(span) {
        Look::Context(context) => context,
        Look::Draft(draft) => start(span, draft),
        Look::Elsewhere => waiting::until(|| match look(span) {
            Look::Context(context) => Some(context),
            Look::Draft(_) | Look::Elsewhere => None,
        }),
    }
}

enum Look {
    Context(Option<Context>),
    /// This thread must start it.
    Draft(Draft),
    Elsewhere,
}

fn look<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Look {
    let mut extensions = span.extensions_mut();
    let Some(bridged) = extensions.get_mut::<Bridged>() else {
        return Look::Context(None);
    };
    match &bridged.phase {
        Phase::Started(context) | Phase::Passed(context) => Look::Context(Some(context.clone())),
        Phase::FieldsOnly => Look::Context(None),
        Phase::Starting(thread) if *thread == thread::current().id() => {
            Look::Context(Some(Context::current()))
        }
        Phase::Starting(_) => Look::Elsewhere,
        Phase::Draft => match bridged.draft.take() {
            Some(draft) => {
                bridged.phase = Phase::Starting(thread::current().id());
                Look::Draft(draft)
            }
            None => Look::Context(None),
        },
    }
}

fn start<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>, draft: Draft) -> Option<Context> {
    // If a sampler panics, the span is not exported, and no thread waits for it forever.
    let mut outcome = Outcome {
        span,
        phase: Phase::FieldsOnly,
    };
    outcome.phase = Phase::of(draft.start());
    match &outcome.phase {
        Phase::Started(context) | Phase::Passed(context) => Some(context.clone()),
        Phase::FieldsOnly | Phase::Draft | Phase::Starting(_) => None,
    }
}

/// Stores the outcome of the start, and wakes the threads that wait for it.
struct Outcome<'s, 'a, R: LookupSpan<'a>> {
    span: &'s SpanRef<'a, R>,
    phase: Phase,
}

impl<'a, R: LookupSpan<'a>> Drop for Outcome<'_, 'a, R> {
    fn drop(&mut self) {
        if let Some(bridged) = self.span.extensions_mut().get_mut::<Bridged>() {
            bridged.phase = mem::replace(&mut self.phase, Phase::FieldsOnly);
        }
        waiting::wake();
    }
}

/// The value that the conventions require if there is no better class.
const OTHER: &str = "_OTHER";
