//! diesel's events about a connection, recorded as spans and measurements.

use std::fmt;
use std::sync::Arc;

use diesel::connection::{DebugQuery, Instrumentation, InstrumentationEvent};
use diesel::result::Error;
use otel_instrumentation::{DatabaseConfig, DbClientInstrumentation, Statement};

use crate::database_url;
use crate::error;
use crate::identity::Identity;
use crate::open::{self, Open};
use crate::settings::Settings;
use crate::text;

/// Records every query of a connection as a span and a measurement of
/// `db.client.operation.duration`.
///
/// Use it for one connection, by [`set_instrumentation`](diesel::Connection::set_instrumentation),
/// or for all connections that are made after [`install`](Self::install). If a query never ends,
/// because its future was dropped, its span ends with the connection.
///
/// ```
/// use diesel::prelude::*;
/// use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url = ":memory:";
/// let mut connection = SqliteConnection::establish(url)?;
/// let config = DatabaseConfig::new().query_text(false);
/// connection.set_instrumentation(OtelInstrumentation::with_config(config).database_url(url));
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
pub struct OtelInstrumentation {
    blueprint: Blueprint,
    client: Option<DbClientInstrumentation>,
    open: Open,
    /// True while the connection is being established. Queries of drivers during that time are not
    /// the application's.
    is_establishing: bool,
    /// Reused from query to query.
    text: String,
}

/// The data from which a value for another connection is made.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    settings: Arc<Settings>,
    identity: Identity,
}

impl OtelInstrumentation {
    /// Uses the default of every option.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(DatabaseConfig::new())
    }

    /// Uses this configuration. Settings of the database that it leaves out are taken from the URL
    /// by which a connection is established.
    #[must_use]
    pub fn with_config(config: DatabaseConfig) -> Self {
        Self::from_blueprint(&Blueprint {
            settings: Arc::new(Settings::new(config)),
            identity: Identity::default(),
        })
    }

    /// Takes from this URL the database settings that the configuration leaves out, until a
    /// connection is established by another URL. Default: none.
    ///
    /// Use it for a connection that exists already, and for connections of diesel-async that are
    /// made from a client of their driver, such as TLS connections of PostgreSQL. diesel does not
    /// report a URL for these.
    ///
    /// It may be a URL, the `host=… dbname=…` of libpq, or the path of a SQLite file. A password in
    /// it is not kept.
    #[must_use]
    pub fn database_url(mut self, url: &str) -> Self {
        self.identify(url);
        self
    }

    /// Sets whether the queries by which pools test a connection are recorded: `SELECT 1`, and the
    /// same with a bound value. Default: false.
    ///
    /// They are recognised by their text, so your own `SELECT 1` is not recorded either.
    #[must_use]
    pub fn checkout_queries(mut self, records: bool) -> Self {
        Arc::make_mut(&mut self.blueprint.settings).records_checks = records;
        self
    }

    pub(crate) fn from_blueprint(blueprint: &Blueprint) -> Self {
        Self {
            blueprint: blueprint.clone(),
            client: None,
            open: Open::default(),
            is_establishing: false,
            text: String::new(),
        }
    }

    pub(crate) fn blueprint(&self) -> Blueprint {
        self.blueprint.clone()
    }

    fn identify(&mut self, url: &str) {
        self.blueprint.identity = database_url::read(url);
        self.client = None;
    }

    fn start(&mut self, query: &dyn DebugQuery) {
        let Blueprint { settings, identity } = &self.blueprint;
        let client = self
            .client
            .get_or_insert_with(|| settings.client(identity.clone()));
        // Reading the text from diesel costs more than everything else.
        if self.is_establishing || !client.is_enabled() {
            return self.open.begin(None, None);
        }
        let is_bound = text::read(query, &mut self.text);
        let is_left_out = !settings.records_checks && CHECKS.contains(&&*self.text);
        let operation =
            (!is_left_out).then(|| client.start(&Statement::sql(&self.text).is_bound(is_bound)));
        self.open.begin(Some(&self.text), operation);
        self.forget_text();
    }

    fn finish(&mut self, query: &dyn DebugQuery, error: Option<&Error>) {
        let text = &mut self.text;
        let ended = self.open.end(|| {
            text::read(query, text);
            open::key(text)
        });
        self.forget_text();
        let Some(ended) = ended else {
            return;
        };
        let Some(mut operation) = ended.operation else {
            return;
        };
        if let Some(error) = error
            && let Some(class) = error::class(error)
        {
            operation.fail(class, error);
        }
        match std::thread::panicking() && !ended.in_panic {
            // A panic has dropped the query while its rows were read.
            true => drop(operation),
            false => operation.finish(),
        }
    }

    /// Frees the text if it is unusually long, because it would be kept as long as the connection.
    fn forget_text(&mut self) {
        if self.text.capacity() > KEPT {
            self.text = String::new();
        }
    }
}

impl Instrumentation for OtelInstrumentation {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.identify(url);
                self.is_establishing = true;
            }
            InstrumentationEvent::FinishEstablishConnection { .. } => self.is_establishing = false,
            InstrumentationEvent::StartQuery { query, .. } => self.start(query),
            InstrumentationEvent::FinishQuery { query, error, .. } => self.finish(query, error),
            // `BEGIN`, `COMMIT` and the like are also reported as queries.
            _ => {}
        }
    }
}

impl Clone for OtelInstrumentation {
    /// Makes a value for another connection, on which no query has begun.
    fn clone(&self) -> Self {
        Self::from_blueprint(&self.blueprint)
    }
}

impl Default for OtelInstrumentation {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OtelInstrumentation {
    /// Leaves out the open queries.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelInstrumentation")
            .field("settings", &self.blueprint.settings)
            .field("identity", &self.blueprint.identity)
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

/// The queries by which r2d2 and the pools of diesel-async test a connection on PostgreSQL, MySQL
/// and SQLite.
const CHECKS: [&str; 3] = ["SELECT 1", "SELECT $1", "SELECT ?"];

/// The maximum capacity that is kept for a text, in bytes.
const KEPT: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use diesel::connection::StrQueryHelper;
    use opentelemetry::Context;
    use otel_instrumentation::testing::Capture;

    use super::*;

    fn instrumentation(capture: &Capture) -> OtelInstrumentation {
        let config = DatabaseConfig::new().providers(capture.providers());
        OtelInstrumentation::with_config(config)
    }

    fn start(instrumentation: &mut OtelInstrumentation, text: &str) {
        let query = StrQueryHelper::new(text);
        instrumentation.on_connection_event(InstrumentationEvent::start_query(&query));
    }

    fn finish(instrumentation: &mut OtelInstrumentation, text: &str) {
        let query = StrQueryHelper::new(text);
        instrumentation.on_connection_event(InstrumentationEvent::finish_query(&query, None));
    }

    #[test]
    fn what_a_driver_asks_while_it_connects_is_no_query() {
        let capture = Capture::new();
        let mut it = instrumentation(&capture);
        let url = "postgres://db/shop";
        it.on_connection_event(InstrumentationEvent::start_establish_connection(url));
        start(&mut it, "SET TIME ZONE 'UTC'");
        start(&mut it, "SET CLIENT_ENCODING TO 'UTF8'");
        finish(&mut it, "SET CLIENT_ENCODING TO 'UTF8'");
        finish(&mut it, "SET TIME ZONE 'UTC'");
        it.on_connection_event(InstrumentationEvent::finish_establish_connection(url, None));
        assert_eq!(capture.spans().len(), 0);

        start(&mut it, "DELETE FROM stock");
        finish(&mut it, "DELETE FROM stock");
        assert_eq!(capture.spans().len(), 1);
    }

    #[test]
    fn the_end_of_what_is_not_recorded_is_nobody_elses() {
        let capture = Capture::new();
        let mut it = instrumentation(&capture);
        start(&mut it, "DELETE FROM stock");
        {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            start(&mut it, "UPDATE stock SET quantity = 0");
            finish(&mut it, "UPDATE stock SET quantity = 0");
        }
        start(&mut it, "SELECT 1");
        finish(&mut it, "SELECT 1");
        assert_eq!(capture.spans().len(), 0);
        finish(&mut it, "DELETE FROM stock");
        assert_eq!(capture.spans().len(), 1);
    }

    #[test]
    fn an_end_without_a_start_is_nothing() {
        let capture = Capture::new();
        let mut it = instrumentation(&capture);
        finish(&mut it, "DELETE FROM stock");
        assert_eq!(capture.spans().len(), 0);
    }

    #[test]
    fn the_room_for_a_text_is_kept_unless_it_is_large() {
        let mut it = instrumentation(&Capture::new());
        start(&mut it, "DELETE FROM stock");
        assert!(it.text.capacity() > 0);
        start(&mut it, &" ".repeat(KEPT + 1));
        assert_eq!(it.text.capacity(), 0);
    }
}
