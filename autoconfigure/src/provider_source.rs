//! The source of a signal's provider: the application, or the environment.

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::error::InitError;

/// The source of a provider.
pub(crate) enum Source<P, B> {
    Application(P),
    /// With the additions of the application.
    Environment(Vec<Box<dyn FnOnce(B) -> B>>),
}

impl<P, B: Build<P>> Source<P, B> {
    pub(crate) fn add(&mut self, configure: impl FnOnce(B) -> B + 'static) {
        match self {
            Self::Application(_) => {}
            Self::Environment(added) => added.push(Box::new(configure)),
        }
    }

    /// The application's provider, or the described one. `described` gets whether the application
    /// adds something to it; if not, it may describe none.
    pub(crate) fn provider(
        self,
        described: impl FnOnce(bool) -> Result<Option<B>, InitError>,
    ) -> Result<Option<P>, InitError> {
        match self {
            Self::Application(provider) => Ok(Some(provider)),
            Self::Environment(added) => {
                let builder = described(!added.is_empty())?;
                Ok(builder.map(|builder| {
                    added
                        .into_iter()
                        .fold(builder, |builder, configure| configure(builder))
                        .build()
                }))
            }
        }
    }
}

/// The SDK's builders have this in common, but share no trait.
pub(crate) trait Build<P> {
    fn build(self) -> P;
}

impl Build<SdkTracerProvider> for TracerProviderBuilder {
    fn build(self) -> SdkTracerProvider {
        self.build()
    }
}

impl Build<SdkMeterProvider> for MeterProviderBuilder {
    fn build(self) -> SdkMeterProvider {
        self.build()
    }
}

impl Build<SdkLoggerProvider> for LoggerProviderBuilder {
    fn build(self) -> SdkLoggerProvider {
        self.build()
    }
}
