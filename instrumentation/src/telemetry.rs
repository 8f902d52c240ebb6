//! Where telemetry goes, found late enough that it cannot be silently off.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, global};

use crate::tracer::{StartSpan, TracerSource, is_no_op};

/// The providers and the propagator that an instrumentation uses.
///
/// [`Telemetry::global`], the default, asks for the global providers when the first request comes,
/// and again with every request while it still finds the API's no-op ones. The order of
/// `set_tracer_provider` and the construction of a layer does not matter. What it found it keeps:
/// after a provider is shut down for another one, build the layers and clients anew.
///
/// ```
/// use opentelemetry::metrics::noop::NoopMeterProvider;
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use otel_instrumentation::{ServerConfig, Telemetry};
///
/// let telemetry = Telemetry::new(NoopTracerProvider::new(), NoopMeterProvider::new());
/// let config = ServerConfig::new().telemetry(telemetry);
/// # let _ = config;
/// ```
#[derive(Clone, Default)]
pub struct Telemetry {
    providers: Option<Providers>,
    propagator: Option<Arc<dyn TextMapPropagator + Send + Sync>>,
}

#[derive(Clone)]
struct Providers {
    tracers: Arc<dyn TracerSource>,
    /// `None` where it is the API's no-op.
    meters: Option<Arc<dyn MeterProvider + Send + Sync>>,
}

impl Telemetry {
    /// The global providers and the default propagation of [`otel_propagation`].
    ///
    /// A global meter provider whose type has no size counts as the API's no-op. One that
    /// [is given](Self::new) does not.
    #[must_use]
    pub fn global() -> Self {
        Self::default()
    }

    /// The given providers, and the default propagation of [`otel_propagation`].
    #[must_use]
    pub fn new<T, M>(tracer_provider: T, meter_provider: M) -> Self
    where
        T: TracerProvider + Send + Sync + 'static,
        T::Tracer: Send + Sync + 'static,
        <T::Tracer as Tracer>::Span: Send + Sync + 'static,
        M: MeterProvider + Send + Sync + 'static,
    {
        let measures = TypeId::of::<M>() != TypeId::of::<NoopMeterProvider>();
        let providers = Providers {
            tracers: Arc::new(tracer_provider),
            meters: measures.then(|| Arc::new(meter_provider) as _),
        };
        Self {
            providers: Some(providers),
            propagator: None,
        }
    }

    /// Uses the given propagator instead of the default propagation.
    #[must_use]
    pub fn with_propagator(
        mut self,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        self.propagator = Some(Arc::new(propagator));
        self
    }

    pub(crate) fn extract(&self, context: &Context, carrier: &dyn Extractor) -> Context {
        match &self.propagator {
            Some(propagator) => propagator.extract_with_context(context, carrier),
            None => otel_propagation::extract(context, carrier),
        }
    }

    pub(crate) fn inject(&self, context: &Context, carrier: &mut dyn Injector) {
        match &self.propagator {
            Some(propagator) => propagator.inject_context(context, carrier),
            None => otel_propagation::inject(context, carrier),
        }
    }

    /// `None` while the provider is the API's no-op.
    pub(crate) fn tracer(&self, scope: &InstrumentationScope) -> Option<Box<dyn StartSpan>> {
        match &self.providers {
            Some(providers) => providers.tracers.tracer(scope.clone()),
            // Without an SDK every request looks; a tracer by its name alone is cheap to have. An
            // SDK would have something to say of an empty name.
            None if is_no_op(&global::tracer(env!("CARGO_PKG_NAME"))) => None,
            None => Some(Box::new(global::tracer_with_scope(scope.clone()))),
        }
    }

    /// `None` while the provider is the API's no-op.
    pub(crate) fn meter(&self, scope: &InstrumentationScope) -> Option<Meter> {
        let provider = match &self.providers {
            Some(providers) => providers.meters.clone()?,
            None => recording(global::meter_provider())?,
        };
        Some(provider.meter_with_scope(scope.clone()))
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let providers = if self.providers.is_some() {
            "given"
        } else {
            "global"
        };
        formatter
            .debug_struct("Telemetry")
            .field("providers", &providers)
            .field("propagator", &self.propagator)
            .finish()
    }
}

/// `None` for what counts as the API's no-op.
///
/// The global meter provider has lost its type and cannot be asked what it is. The no-op has no
/// size, but nor has a provider that keeps what it records into in a static: such a one has to be
/// [given](Telemetry::new).
fn recording(
    provider: Arc<dyn MeterProvider + Send + Sync>,
) -> Option<Arc<dyn MeterProvider + Send + Sync>> {
    (size_of_val(&*provider) > 0).then_some(provider)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::noop::NoopTracerProvider;

    use super::*;

    /// Hands on to a provider that it finds elsewhere.
    #[derive(Debug)]
    struct Forwarding;

    impl MeterProvider for Forwarding {
        fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
            NoopMeterProvider::new().meter_with_scope(scope)
        }
    }

    #[test]
    fn a_given_meter_provider_is_a_no_op_by_its_type() {
        fn measures(meters: impl MeterProvider + Send + Sync + 'static) -> bool {
            let telemetry = Telemetry::new(NoopTracerProvider::new(), meters);
            telemetry.meter(&InstrumentationScope::default()).is_some()
        }
        assert_eq!(size_of::<Forwarding>(), 0);
        assert!(measures(Forwarding));
        assert!(!measures(NoopMeterProvider::new()));
    }
}
