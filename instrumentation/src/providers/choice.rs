//! The choice of providers, resolved so late that telemetry cannot be silently off.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, global};

use super::tracer::{StartSpan, TracerSource, is_no_op};

/// The providers and the propagator that an instrumentation uses.
///
/// [`Providers::global`], the default, looks up the global providers at the first request, and
/// again at every request while it still finds the API's no-op ones. So a layer may be created
/// before `set_tracer_provider` is called. It keeps the providers that it found until the tracer
/// provider is shut down. Then it looks them up again: the first request after the shutdown has no
/// span, and the second one has a span of the new provider. The metrics follow the tracer.
///
/// After a hundred requests or ten seconds without a provider, it logs a warning once, through
/// `tracing`. It does the same if a provider was shut down and no other was set.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use otel_instrumentation::{Providers, ServerConfig};
///
/// // The metrics go to the global provider.
/// let providers = Providers::global().with_tracer_provider(NoopTracerProvider::new());
/// let config = ServerConfig::new().providers(providers);
/// # let _ = config;
/// ```
#[derive(Clone, Default)]
pub struct Providers {
    /// `None` means the global one.
    tracers: Option<Arc<dyn TracerSource>>,
    meters: Meters,
    propagator: Option<Arc<dyn TextMapPropagator + Send + Sync>>,
    #[cfg(feature = "bound-instruments")]
    binds_instruments: bool,
}

#[derive(Clone, Default)]
enum Meters {
    #[default]
    Global,
    Given(Arc<dyn MeterProvider + Send + Sync>),
    /// The API's no-op was passed in.
    Nothing,
}

impl Providers {
    /// Uses the global providers and the default propagation of [`otel_propagation`].
    ///
    /// A global meter provider whose type has size zero counts as the API's no-op. One that is
    /// [passed in](Self::with_meter_provider) does not.
    #[must_use]
    pub fn global() -> Self {
        Self::default()
    }

    /// Uses the given providers and the default propagation of [`otel_propagation`].
    #[must_use]
    pub fn new<T, M>(tracer_provider: T, meter_provider: M) -> Self
    where
        T: TracerProvider + Send + Sync + 'static,
        T::Tracer: Send + Sync + 'static,
        <T::Tracer as Tracer>::Span: Send + Sync + 'static,
        M: MeterProvider + Send + Sync + 'static,
    {
        Self::global()
            .with_tracer_provider(tracer_provider)
            .with_meter_provider(meter_provider)
    }

    /// Uses the given tracer provider instead of the global one.
    #[must_use]
    pub fn with_tracer_provider<T>(mut self, provider: T) -> Self
    where
        T: TracerProvider + Send + Sync + 'static,
        T::Tracer: Send + Sync + 'static,
        <T::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        self.tracers = Some(Arc::new(provider));
        self
    }

    /// Uses the given meter provider instead of the global one.
    #[must_use]
    pub fn with_meter_provider<M>(mut self, provider: M) -> Self
    where
        M: MeterProvider + Send + Sync + 'static,
    {
        self.meters = match TypeId::of::<M>() == TypeId::of::<NoopMeterProvider>() {
            true => Meters::Nothing,
            false => Meters::Given(Arc::new(provider)),
        };
        self
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

    /// Sets whether the duration metric keeps the SDK's place for each set of labels, which makes
    /// it cheaper. Default: false.
    ///
    /// Use it with cumulative temporality: with delta, the SDK counts a bound set of labels towards
    /// its limit of 2,000 sets for good. It needs an experimental feature of opentelemetry 0.33,
    /// which the feature `bound-instruments` enables in the API and the SDK. A provider without it
    /// records nothing.
    #[cfg(feature = "bound-instruments")]
    #[must_use]
    pub fn bind_instruments(mut self, binds: bool) -> Self {
        self.binds_instruments = binds;
        self
    }

    #[cfg(feature = "bound-instruments")]
    pub(super) fn binds_instruments(&self) -> bool {
        self.binds_instruments
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
        match &self.tracers {
            Some(tracers) => tracers.tracer(scope.clone()),
            // Without an SDK, every request looks; a tracer by name alone is cheap to get. An SDK
            // would warn about an empty name.
            None if is_no_op(&global::tracer(env!("CARGO_PKG_NAME"))) => None,
            None => Some(Box::new(global::tracer_with_scope(scope.clone()))),
        }
    }

    /// The provider set after one that was shut down. A provider that was passed in has no
    /// successor.
    pub(super) fn successor(&self, scope: &InstrumentationScope) -> Option<Box<dyn StartSpan>> {
        self.are_global().then(|| self.tracer(scope)).flatten()
    }

    /// True if the application may still set them.
    pub(super) fn are_global(&self) -> bool {
        self.tracers.is_none() && !matches!(self.meters, Meters::Nothing)
    }

    /// `None` while the provider is the API's no-op.
    pub(crate) fn meter(&self, scope: &InstrumentationScope) -> Option<Meter> {
        let provider = match &self.meters {
            Meters::Global => recording(global::meter_provider())?,
            Meters::Given(provider) => provider.clone(),
            Meters::Nothing => return None,
        };
        Some(provider.meter_with_scope(scope.clone()))
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tracers = if self.tracers.is_some() {
            "given"
        } else {
            "global"
        };
        let meters = match self.meters {
            Meters::Global => "global",
            Meters::Given(_) | Meters::Nothing => "given",
        };
        formatter
            .debug_struct("Providers")
            .field("tracers", &tracers)
            .field("meters", &meters)
            .field("propagator", &self.propagator)
            .finish_non_exhaustive()
    }
}

/// `None` if the provider counts as the API's no-op.
///
/// The type of the global meter provider is erased and cannot be checked. The no-op has size zero,
/// but so has a provider that keeps its state in a static. Such a provider has to be [passed
/// in](Providers::with_meter_provider).
fn recording(
    provider: Arc<dyn MeterProvider + Send + Sync>,
) -> Option<Arc<dyn MeterProvider + Send + Sync>> {
    (size_of_val(&*provider) > 0).then_some(provider)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::noop::NoopTracerProvider;

    use super::*;

    /// Forwards to a provider that it finds elsewhere.
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
            let providers = Providers::new(NoopTracerProvider::new(), meters);
            providers.meter(&InstrumentationScope::default()).is_some()
        }
        assert_eq!(size_of::<Forwarding>(), 0);
        assert!(measures(Forwarding));
        assert!(!measures(NoopMeterProvider::new()));
    }
}
