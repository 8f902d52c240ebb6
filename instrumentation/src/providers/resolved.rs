//! What was found of the providers, once there is more than a no-op.

use std::fmt;
use std::sync::OnceLock;

use opentelemetry::InstrumentationScope;

use super::choice::Providers;
use super::instruments::{Definitions, Instruments};
use super::tracer::StartSpan;

/// The tracer and the instruments of one instrumentation, kept once they are more than no-ops.
pub(crate) struct Resolved {
    providers: Providers,
    scope: InstrumentationScope,
    definitions: Definitions,
    tracer: OnceLock<Box<dyn StartSpan>>,
    instruments: OnceLock<Instruments>,
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
        }
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.providers
    }

    /// `None` while the provider is the API's no-op.
    pub(crate) fn tracer(&self) -> Option<&dyn StartSpan> {
        match self.tracer.get() {
            Some(tracer) => Some(&**tracer),
            None => self.find_tracer(),
        }
    }

    /// `None` while there is nothing to record into.
    pub(crate) fn instruments(&self) -> Option<&Instruments> {
        match self.instruments.get() {
            Some(instruments) => Some(instruments),
            None => self.find_instruments(),
        }
    }

    /// Apart from the look at what was found, which is all that most requests need.
    fn find_tracer(&self) -> Option<&dyn StartSpan> {
        let tracer = self.providers.tracer(&self.scope)?;
        Some(&**self.tracer.get_or_init(|| tracer))
    }

    fn find_instruments(&self) -> Option<&Instruments> {
        let meter = self.providers.meter(&self.scope)?;
        // Made before, because what the SDK has to say of them may come back here.
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
