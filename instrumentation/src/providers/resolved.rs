//! The tracer and instruments that were found, once they are more than no-ops.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::metrics::Meter;
use opentelemetry::trace::SpanBuilder;
use opentelemetry::{Context, InstrumentationScope};

use super::choice::Providers;
use super::early::{EarlyDecision, EarlySampler, with_sampler};
use super::instruments::{Definitions, Instruments};
use super::notice::{SHUT_DOWN, WITHOUT_PROVIDER};
use super::tracer::{StartSpan, StartedSpan};

/// The tracer and the instruments of one instrumentation, kept once they are more than no-ops.
///
/// If the provider is shut down, those of its successor are found, if the application sets one.
pub(crate) struct Resolved {
    providers: Providers,
    scope: InstrumentationScope,
    definitions: Definitions,
    tracer: OnceLock<Found>,
    instruments: OnceLock<Instruments>,
    /// True if the tracer's provider was shut down, which its spans show.
    is_over: AtomicBool,
    /// The successor that has started a span since then.
    successor: OnceLock<Box<Self>>,
    /// The number of predecessors.
    generation: u8,
}

/// A tracer, and the sampler that can decide before a span is built, if there is one.
struct Found {
    tracer: Box<dyn StartSpan>,
    sampler: Option<Arc<dyn EarlySampler>>,
}

impl Resolved {
    pub(crate) fn new(
        providers: Providers,
        scope: InstrumentationScope,
        definitions: Definitions,
    ) -> Self {
        Self {
            providers,
            scope,
            definitions,
            tracer: OnceLock::new(),
            instruments: OnceLock::new(),
            is_over: AtomicBool::new(false),
            successor: OnceLock::new(),
            generation: 0,
        }
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.providers
    }

    /// True if there is anything to record into.
    pub(crate) fn is_found(&self) -> bool {
        if self.tracer().is_some() || self.instruments().is_some() {
            return true;
        }
        if self.providers.are_global() {
            WITHOUT_PROVIDER.count();
        }
        false
    }

    /// The sampler's decision about a child of `parent`, if it can decide before there is a span.
    pub(crate) fn decide(&self, parent: &Context) -> EarlyDecision {
        let current = self.current();
        let sampler = current.find_sampler();
        sampler.map_or(EarlyDecision::Unknown, |sampler| sampler.decide(parent))
    }

    /// Starts a span as a child of `parent` and puts it into `base`. `None` if there is no tracer, or
    /// if its provider was shut down.
    pub(crate) fn start_span(
        &self,
        builder: SpanBuilder,
        parent: &Context,
        base: &Context,
    ) -> Option<StartedSpan> {
        let current = self.current();
        if current.is_over.load(Ordering::Relaxed) {
            return current.succeed(builder, parent, base);
        }
        let span = current.tracer()?.start(builder, parent, base);
        if span.is_none() && self.providers.are_global() && current.generation < GENERATIONS {
            current.is_over.store(true, Ordering::Relaxed);
        }
        span
    }

    /// `None` while there is nothing to record into.
    pub(crate) fn instruments(&self) -> Option<&Instruments> {
        let current = self.current();
        match current.instruments.get() {
            Some(instruments) => Some(instruments),
            None => current.find_instruments(),
        }
    }

    /// A meter for further instruments; `None` while there is nothing to record into.
    pub(crate) fn meter(&self) -> Option<Meter> {
        self.providers.meter(&self.scope)
    }

    /// `None` while the provider is the API's no-op.
    fn tracer(&self) -> Option<&dyn StartSpan> {
        match self.tracer.get() {
            Some(found) => Some(&*found.tracer),
            None => self.find_tracer(),
        }
    }

    fn find_sampler(&self) -> Option<&dyn EarlySampler> {
        let found = self.tracer.get()?;
        let is_over = self.is_over.load(Ordering::Relaxed);
        found.sampler.as_deref().filter(|_| !is_over)
    }

    /// The last one that was found.
    fn current(&self) -> &Self {
        let mut current = self;
        while let Some(successor) = current.successor.get() {
            current = successor;
        }
        current
    }

    /// Looks up the current provider, which may still be the one that was shut down.
    #[cold]
    fn succeed(
        &self,
        builder: SpanBuilder,
        parent: &Context,
        base: &Context,
    ) -> Option<StartedSpan> {
        let (tracer, sampler) = with_sampler(|| self.providers.successor(&self.scope));
        let span = tracer
            .as_ref()
            .and_then(|tracer| tracer.start(builder, parent, base));
        if let (Some(tracer), Some(_)) = (tracer, &span) {
            let successor = Self {
                tracer: OnceLock::from(Found { tracer, sampler }),
                generation: self.generation + 1,
                ..Self::new(self.providers.clone(), self.scope.clone(), self.definitions)
            };
            // Another request may have been faster.
            let _ = self.successor.set(Box::new(successor));
        } else {
            SHUT_DOWN.count();
        }
        span
    }

    /// Kept apart from `tracer`, because most requests need only what was found before.
    fn find_tracer(&self) -> Option<&dyn StartSpan> {
        let (tracer, sampler) = with_sampler(|| self.providers.tracer(&self.scope));
        let tracer = tracer?;
        let found = self.tracer.get_or_init(|| Found { tracer, sampler });
        Some(&*found.tracer)
    }

    fn find_instruments(&self) -> Option<&Instruments> {
        let meter = self.providers.meter(&self.scope)?;
        // Created before `get_or_init`, because a log record of the SDK may lead back to this
        // function.
        let made = Instruments::new(&meter, &self.definitions);
        #[cfg(feature = "bound-instruments")]
        let made = made.bound(self.providers.binds_instruments());
        Some(self.instruments.get_or_init(|| made))
    }
}

impl fmt::Debug for Resolved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Resolved")
            .field("providers", &self.providers)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The limit on successors: a tracer that makes an invalid span now and then was not shut down.
const GENERATIONS: u8 = 16;
