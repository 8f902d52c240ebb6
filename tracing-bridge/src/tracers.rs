//! A tracer for each crate that creates spans.

use std::mem;
use std::sync::OnceLock;

use opentelemetry::trace::{Span, SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope};
use tracing::Metadata;

use crate::source::{crate_of, version_of};

/// Starts spans; a trait object hides the types of the provider.
pub(crate) trait Tracers: Send + Sync {
    /// Sets this scope for the crate that it names.
    fn add(&mut self, scope: InstrumentationScope);

    /// The parent's context with the new span. `None` if the provider gives none, as after its
    /// shutdown: an invalid span would hide the parent.
    fn start(
        &self,
        metadata: &'static Metadata<'static>,
        builder: SpanBuilder,
        parent: &Context,
    ) -> Option<Context>;
}

/// One tracer for each crate, found without a lock.
///
/// Their number is bounded by the crates with callsites, because the targets of spans are
/// constants.
pub(crate) struct PerCrate<P: TracerProvider> {
    provider: P,
    first: Link<P::Tracer>,
}

type Link<T> = OnceLock<Box<Entry<T>>>;

struct Entry<T> {
    name: String,
    tracer: T,
    next: Link<T>,
}

impl<P: TracerProvider> PerCrate<P> {
    pub(crate) fn new(provider: P) -> Self {
        Self {
            provider,
            first: Link::new(),
        }
    }

    fn tracer(&self, metadata: &'static Metadata<'static>) -> &P::Tracer {
        let mut link = &self.first;
        loop {
            let Some(entry) = link.get() else {
                // Created before it is stored: the SDK may log something, which must not reach a
                // lock. The first thread to store wins.
                let _ = link.set(Box::new(self.entry(metadata)));
                continue;
            };
            if entry.covers(metadata.target()) {
                return &entry.tracer;
            }
            link = &entry.next;
        }
    }

    fn entry(&self, metadata: &'static Metadata<'static>) -> Entry<P::Tracer> {
        let name = crate_of(metadata.target());
        let version = metadata.file().and_then(|file| version_of(name, file));
        let mut scope = InstrumentationScope::builder(name);
        if let Some(version) = version {
            scope = scope.with_version(version);
        }
        Entry {
            name: name.to_owned(),
            tracer: self.provider.tracer_with_scope(scope.build()),
            next: Link::new(),
        }
    }
}

impl<T> Entry<T> {
    fn covers(&self, target: &str) -> bool {
        target
            .strip_prefix(self.name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

impl<P> Tracers for PerCrate<P>
where
    P: TracerProvider + Send + Sync,
    P::Tracer: Send + Sync,
    <P::Tracer as Tracer>::Span: Send + Sync + 'static,
{
    fn add(&mut self, scope: InstrumentationScope) {
        let entry = Entry {
            name: scope.name().replace('-', "_"),
            tracer: self.provider.tracer_with_scope(scope),
            next: mem::take(&mut self.first),
        };
        self.first = Link::from(Box::new(entry));
    }

    fn start(
        &self,
        metadata: &'static Metadata<'static>,
        builder: SpanBuilder,
        parent: &Context,
    ) -> Option<Context> {
        let span = self.tracer(metadata).build_with_context(builder, parent);
        if !span.span_context().is_valid() {
            return None;
        }
        Some(parent.with_span(span))
    }
}
