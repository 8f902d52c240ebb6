//! The database and its address.

use otel_instrumentation::DatabaseConfig;

/// The system, the namespace and the server. Whatever is not certain is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) system: Option<&'static str>,
    pub(crate) namespace: Option<String>,
    pub(crate) server: Option<(String, Option<u16>)>,
}

impl Identity {
    pub(crate) fn of(system: &'static str) -> Self {
        Self {
            system: Some(system),
            ..Self::default()
        }
    }

    /// The identity as a driver's configuration.
    pub(crate) fn config(&self) -> DatabaseConfig {
        let mut config = DatabaseConfig::new();
        if let Some(system) = self.system {
            config = config.system(system);
        }
        if let Some(namespace) = &self.namespace {
            config = config.namespace(namespace.clone());
        }
        if let Some((address, port)) = &self.server {
            config = config.server(address.clone(), *port);
        }
        config
    }
}
