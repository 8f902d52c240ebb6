//! Instrumentation of all connections that are established from now on.

use std::sync::{PoisonError, RwLock};

use diesel::QueryResult;
use diesel::connection::{Instrumentation, set_default_instrumentation};

use crate::instrumentation::{Blueprint, OtelInstrumentation};

/// Records the queries of every connection that is established from now on, including connections
/// of pools, with the default of every option.
///
/// It is [`OtelInstrumentation::install`] of [`OtelInstrumentation::new`].
///
/// # Errors
///
/// Those of [`set_default_instrumentation`].
///
/// ```
/// otel_middleware_diesel::install()?;
/// # diesel::QueryResult::Ok(())
/// ```
pub fn install() -> QueryResult<()> {
    OtelInstrumentation::new().install()
}

impl OtelInstrumentation {
    /// Records the queries of every connection that is established from now on, including
    /// connections of pools.
    ///
    /// Connections that exist already are not recorded. diesel has one default instrumentation for
    /// the process. This replaces the one that was set before, even by other code.
    ///
    /// # Errors
    ///
    /// Those of [`set_default_instrumentation`], which fails if another thread has panicked inside
    /// it.
    ///
    /// ```
    /// use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation};
    ///
    /// let config = DatabaseConfig::new().system("mariadb");
    /// OtelInstrumentation::with_config(config).install()?;
    /// # diesel::QueryResult::Ok(())
    /// ```
    pub fn install(self) -> QueryResult<()> {
        let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        *installed = Some(self.blueprint());
        drop(installed);
        set_default_instrumentation(for_new_connection)
    }
}

/// diesel does not take a closure, so the installed value is in a static.
fn for_new_connection() -> Option<Box<dyn Instrumentation>> {
    let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner);
    let blueprint = installed.as_ref()?;
    Some(Box::new(OtelInstrumentation::from_blueprint(blueprint)))
}

static INSTALLED: RwLock<Option<Blueprint>> = RwLock::new(None);
