//! What an instrumentation keeps of its telemetry, once there is more than a no-op.

use std::fmt;
use std::sync::OnceLock;

use opentelemetry::InstrumentationScope;

use crate::Telemetry;
use crate::instruments::{Definitions, Instruments};
use crate::tracer::StartSpan;

/// The tracer and the instruments of one instrumentation, kept once they are more than no-ops.
pub(crate) struct Handles {
    telemetry: Telemetry,
    scope: InstrumentationScope,
    definitions: Definitions,
    tracer: OnceLock<Box<dyn StartSpan>>,
    instruments: OnceLock<Instruments>,
}

impl Handles {
    pub(crate) fn new(
        telemetry: Telemetry,
        scope: InstrumentationScope,
        definitions: Definitions,
    ) -> Self {
        Self {
            telemetry,
            scope,
            definitions,
            tracer: OnceLock::new(),
            instruments: OnceLock::new(),
        }
    }

    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
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
        let tracer = self.telemetry.tracer(&self.scope)?;
        Some(&**self.tracer.get_or_init(|| tracer))
    }

    fn find_instruments(&self) -> Option<&Instruments> {
        let meter = self.telemetry.meter(&self.scope)?;
        // Made before, because what the SDK has to say of them may come back here.
        let made = Instruments::new(&meter, &self.definitions);
        Some(self.instruments.get_or_init(|| made))
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handles")
            .field("telemetry", &self.telemetry)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
