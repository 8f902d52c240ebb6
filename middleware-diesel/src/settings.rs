//! The data that all connections of one configuration share.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use otel_instrumentation::{DatabaseConfig, DbClientInstrumentation, instrumentation_scope};

use crate::identity::Identity;

/// The configuration, and the client made from it for each database.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) config: DatabaseConfig,
    pub(crate) records_checks: bool,
    clients: Arc<Mutex<Vec<(Identity, DbClientInstrumentation)>>>,
}

impl Settings {
    pub(crate) fn new(config: DatabaseConfig) -> Self {
        Self {
            config,
            records_checks: false,
            clients: Arc::default(),
        }
    }

    /// The client for a database. The connections of a pool share it.
    pub(crate) fn client(&self, identity: Identity) -> DbClientInstrumentation {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == identity) {
            return client.clone();
        }
        let config = self.config.clone().or(identity.config());
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let client = DbClientInstrumentation::new(scope, config);
        if clients.len() < DATABASES {
            clients.push((identity, client.clone()));
        }
        client
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("config", &self.config)
            .field("records_checks", &self.records_checks)
            .finish_non_exhaustive()
    }
}

/// The maximum number of kept clients, for programs that open a database for each customer.
const DATABASES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_of_a_database_have_their_instruments_in_common() {
        let settings = Settings::new(DatabaseConfig::new());
        let kept = || settings.clients.lock().unwrap().len();
        for _ in 0..3 {
            settings.client(Identity::of("sqlite"));
            settings.client(Identity::of("mysql"));
        }
        assert_eq!(kept(), 2);

        // The number is bounded.
        for number in 0..DATABASES {
            settings.client(Identity {
                namespace: Some(number.to_string()),
                ..Identity::of("sqlite")
            });
        }
        assert_eq!(kept(), DATABASES);
    }
}
