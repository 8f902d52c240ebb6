//! What all operations of one instrumentation share, and how each of them begins.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::{Link, SpanBuilder};
use opentelemetry::{Context, InstrumentationScope};

use crate::config::{Attributes, Rules};
use crate::convention::Convention;
use crate::handles::Handles;
use crate::http::{Bodiless, HeaderCapture};
use crate::origin::{self, Origin, Parent};
use crate::recording::{Clock, Recording};
use crate::route::Route;
use crate::rpc::Call;
use crate::{Operation, Request};

/// One convention with its rules and its instruments.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) convention: Convention,
    pub(crate) rules: Rules,
    pub(crate) handles: Handles,
    pub(crate) request_headers: HeaderCapture,
    pub(crate) response_headers: HeaderCapture,
    /// `None` where trailers are not recorded.
    pub(crate) response_trailers: Option<HeaderCapture>,
}

impl Shared {
    pub(crate) fn new(
        convention: Convention,
        scope: InstrumentationScope,
        rules: Rules,
    ) -> Arc<Self> {
        let definitions = convention
            .definitions()
            .only(rules.active_requests, rules.body_sizes);
        let (request_headers, response_headers) = convention.header_prefixes();
        Arc::new(Self {
            convention,
            handles: Handles::new(rules.telemetry.clone(), scope, definitions),
            request_headers: HeaderCapture::new(request_headers, &rules.request_headers),
            response_headers: HeaderCapture::new(response_headers, &rules.response_headers),
            response_trailers: convention
                .trailer_prefix()
                .map(|prefix| HeaderCapture::new(prefix, &rules.response_headers)),
            rules,
        })
    }

    /// Whether there is somewhere to record to, and the request is to be recorded.
    pub(crate) fn records(&self, request: &Request<'_>) -> bool {
        let finds_telemetry =
            self.handles.tracer().is_some() || self.handles.instruments().is_some();
        let filter = self.rules.filter.as_ref();
        finds_telemetry && filter.is_none_or(|accepts| accepts(request))
    }

    /// Starts the span and counts the request as active.
    pub(crate) fn begin(self: &Arc<Self>, request: &Request<'_>, start: Start) -> Operation {
        let started = Clock::now();
        let Start {
            origin,
            name,
            word,
            mut attributes,
            measures,
            route,
            bodiless,
            call,
        } = start;
        let Origin {
            base,
            parent,
            injection,
        } = origin;
        let instruments = measures.then(|| self.handles.instruments()).flatten();
        let active_labels = attributes.labels.len();
        self.request_headers
            .capture(request.headers, &mut attributes.span);
        if let Some(hook) = &self.rules.attributes {
            let _current = base.clone().attach();
            hook(request, &mut attributes);
        }

        let custom_name = self.rules.span_name.as_ref().and_then(|hook| hook(request));
        let is_final = matches!(route, Route::Final(_));
        let renamable = (custom_name.is_none() && !is_final).then_some(word);
        let builder = SpanBuilder {
            span_kind: Some(self.convention.span_kind()),
            start_time: Some(started.wall()),
            attributes: Some(attributes.span),
            ..SpanBuilder::from_name(custom_name.unwrap_or(name))
        };
        let is_public = matches!(parent, Parent::Linked(_));
        let span = self.handles.tracer().and_then(|tracer| match parent {
            Parent::Base => tracer.start(builder, &base, &base),
            Parent::None => tracer.start(builder, &Context::new(), &base),
            Parent::Linked(remote) => {
                let builder = builder.with_links(vec![Link::with_context(remote)]);
                tracer.start(builder, &Context::new(), &base)
            }
        });
        let span_records = span.as_ref().is_some_and(|span| span.is_recording);
        let is_recorded = span.is_some() || measures;
        let context = match span {
            Some(span) => span.context,
            None if is_public => origin::without_trace(&base),
            None => base,
        };
        if !is_recorded {
            return Operation::unrecorded(context, self.clone(), injection);
        }
        if !span_records && !measures {
            return Operation::recorded(context, self.clone(), injection, None);
        }

        // After the hooks: one may have replaced a label, or panicked, and what is counted here has
        // to be taken back.
        if let Some(active) = instruments.and_then(|instruments| instruments.active.as_ref()) {
            let labels = attributes.labels.get(..active_labels);
            active.add(1, labels.unwrap_or_default());
        }
        let recording = Recording {
            started,
            span_records,
            labels: measures.then_some(attributes.labels),
            active_labels,
            name: renamable,
            route,
            version: request.version,
            bodiless,
            status: None,
            call,
            failure: None,
            explanation: String::new(),
            request_body_size: None,
            response_body_size: None,
            late: Vec::new(),
        };
        Operation::recorded(context, self.clone(), injection, Some(recording))
    }
}

/// What a convention found out before its operation begins.
pub(crate) struct Start {
    pub(crate) origin: Origin,
    pub(crate) name: Cow<'static, str>,
    /// The first word of the name, for a route that is found later.
    pub(crate) word: Cow<'static, str>,
    /// The labels so far are those of the active requests, too.
    pub(crate) attributes: Attributes,
    /// Whether there was anything to record into when the labels were made.
    pub(crate) measures: bool,
    pub(crate) route: Route,
    pub(crate) bodiless: Bodiless,
    /// What a call remembers beyond what HTTP does; `None` for HTTP.
    pub(crate) call: Option<Call>,
}
