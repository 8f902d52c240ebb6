//! Which database it is, and where.

use otel_instrumentation::DatabaseConfig;

/// The system, the namespace and the server. What is not known for sure is left out.
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

    /// As what a driver says.
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
