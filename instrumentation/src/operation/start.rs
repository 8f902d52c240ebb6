//! The start of an operation, for every convention.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{Link, SpanBuilder, TraceContextExt};

use super::instrumentation::Instrumentation;
use super::kept_request::KeptRequest;
use super::lifecycle::Operation;
use super::parent::{Origin, Parent, Sampling, without_trace};
use super::recording::{Clock, Recording};
use super::route::Route;
use super::state::{Recorded, State};
use crate::config::Attributes;
use crate::facts::Request;
use crate::outcome::Outcome;
use crate::providers::{StartedSpan, proposing};

/// What a convention knows before its operation begins.
pub(crate) struct Start {
    pub(crate) origin: Origin,
    pub(crate) name: Cow<'static, str>,
    /// The first word of the name, for a route that is found later.
    pub(crate) word: Cow<'static, str>,
    /// Its labels so far are also those of the active requests.
    pub(crate) attributes: Attributes,
    /// True if there was anything to record into when the labels were made.
    pub(crate) measures: bool,
    pub(crate) route: Route,
    pub(crate) outcome: Outcome,
}

impl Start {
    /// Starts the span and counts the request as active.
    pub(crate) fn begin(
        mut self,
        instrumentation: &Arc<Instrumentation>,
        request: &Request<'_>,
    ) -> Operation {
        let started = Clock::now();
        let config = &instrumentation.config;
        let active_labels = self.attributes.labels.len();
        if self.origin.may_have_span() {
            instrumentation
                .request_headers
                .capture(request.headers, &mut self.attributes.span);
        }
        if let Some(hook) = &config.attributes {
            let _current = self.origin.base.clone().attach();
            hook(request, &mut self.attributes);
        }
        let custom_name = config.span_name.as_ref().and_then(|hook| hook(request));
        let builder = instrumentation.convention.span();
        let mut operation = self.start(
            instrumentation,
            started,
            active_labels,
            custom_name,
            builder,
        );
        if config.response_attributes.is_some()
            && let Some((recording, _)) = operation.recording()
        {
            recording.request = Some(Box::new(KeptRequest::new(request)));
        }
        operation
    }

    /// Starts the span of an operation that is not a request: its name is final, and its hooks have
    /// run.
    pub(crate) fn begin_named(
        self,
        instrumentation: &Arc<Instrumentation>,
        started: Clock,
    ) -> Operation {
        let builder = instrumentation.convention.span();
        self.start_named(instrumentation, started, builder)
    }

    /// The same as [`Start::begin_named`], with the span kind and the links in `builder`.
    pub(crate) fn begin_as(
        self,
        instrumentation: &Arc<Instrumentation>,
        builder: SpanBuilder,
    ) -> Operation {
        self.start_named(instrumentation, Clock::now(), builder)
    }

    fn start_named(
        self,
        instrumentation: &Arc<Instrumentation>,
        started: Clock,
        builder: SpanBuilder,
    ) -> Operation {
        let (labels, name) = (self.attributes.labels.len(), self.name.clone());
        self.start(instrumentation, started, labels, Some(name), builder)
    }

    fn start(
        self,
        instrumentation: &Arc<Instrumentation>,
        started: Clock,
        active_labels: usize,
        custom_name: Option<Cow<'static, str>>,
        builder: SpanBuilder,
    ) -> Operation {
        let Self {
            origin,
            name,
            word,
            attributes,
            measures,
            route,
            outcome,
        } = self;
        let Origin {
            base,
            parent,
            sampling,
            injection,
        } = origin;
        let instruments = measures
            .then(|| instrumentation.resolved.instruments())
            .flatten();
        let is_final = matches!(route, Route::Final(_));
        let renamable = (custom_name.is_none() && !is_final).then_some(word);
        let is_public = matches!(parent, Parent::Linked);
        let span = match sampling {
            Sampling::Unsampled(context) => Some(StartedSpan {
                context,
                is_recording: false,
            }),
            Sampling::Late | Sampling::Root(_) => {
                let mut builder = SpanBuilder {
                    name: custom_name.unwrap_or(name),
                    start_time: Some(started.wall()),
                    attributes: Some(attributes.span),
                    ..builder
                };
                let resolved = &instrumentation.resolved;
                let nothing = Context::new();
                let above = match parent {
                    Parent::Base => &base,
                    Parent::None | Parent::Linked => &nothing,
                };
                if is_public {
                    let remote = base.span().span_context().clone();
                    builder = builder.with_links(vec![Link::with_context(remote)]);
                }
                let start = || resolved.start_span(builder, above, &base);
                match sampling {
                    Sampling::Root(trace_id) => proposing(trace_id, start),
                    _ => start(),
                }
            }
        };
        let span_records = span.as_ref().is_some_and(|span| span.is_recording);
        let is_recorded = span.is_some() || measures;
        let context = match span {
            Some(span) => span.context,
            None if is_public => without_trace(&base),
            None => base,
        };
        let mut state = State::of(context, instrumentation.clone(), injection);
        if !is_recorded {
            return Operation::begun(state);
        }
        if !span_records && !measures {
            state.recorded = Recorded::Decided;
            return Operation::begun(state);
        }

        // After the hooks, because one may have replaced a label or panicked, and this count has to
        // be undone with the same labels.
        if let Some(active) = instruments.and_then(|instruments| instruments.active.as_ref()) {
            let labels = attributes.labels.get(..active_labels);
            active.add(1, labels.unwrap_or_default());
        }
        // Written in place, because it is large and a copy is costly.
        state.recorded = Recorded::Recording(Recording {
            started,
            span_records,
            labels: measures.then_some(attributes.labels),
            active_labels,
            name: renamable,
            route,
            outcome,
            failure: None,
            message: String::new(),
            late: Vec::new(),
            request: None,
            is_expected: false,
        });
        state.share();
        Operation::begun(state)
    }
}
