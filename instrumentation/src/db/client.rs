//! Database client spans and metrics (`docs/db/database-spans.md`, `docs/db/sql.md`).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::{Context, InstrumentationScope, KeyValue};

use super::acquire::Acquire;
use super::identity::Identity;
use super::known::{Known, known};
use super::label;
use super::pool_metrics::{PoolMetrics, PoolState};
use super::sql::ReadingOptions;
use crate::config::{Attributes, Common, DatabaseConfig, DatabaseOptions, Sanitising};
use crate::facts::Statement;
use crate::operation::{Clock, Convention, DbOperation, Instrumentation, Origin, Route, Start};
use crate::outcome::{DbOutcome, Outcome};
use crate::reuse::{intern, label_list};
use crate::semconv;

/// The database client convention for one database, with one configuration. It is cheap to clone.
///
/// ```
/// use otel_instrumentation::{
///     DatabaseConfig, DbClientInstrumentation, Statement, instrumentation_scope,
/// };
///
/// let config = DatabaseConfig::new()
///     .system("postgresql")
///     .namespace("shop")
///     .server("db.internal", 5432);
/// let scope = instrumentation_scope("my-driver", "1.0.0");
/// let client = DbClientInstrumentation::new(scope, config);
///
/// // Once for each call of the driver's API.
/// let mut operation =
///     client.start(&Statement::sql("SELECT name FROM users WHERE id = $1").is_bound(true));
/// let answer: Result<&str, &str> = operation.run(|| Err("57014")); // query canceled
/// if let Err(code) = answer {
///     operation.record_error_code(code, &"canceling statement due to user request");
/// }
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct DbClientInstrumentation {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    instrumentation: Arc<Instrumentation>,
    identity: Identity,
    options: DatabaseOptions,
}

impl DbClientInstrumentation {
    /// `scope` names the instrumentation, see
    /// [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: DatabaseConfig) -> Self {
        let identity = Identity::new(&config);
        let DatabaseConfig {
            options, providers, ..
        } = config;
        let common = Common {
            providers,
            ..Common::default()
        };
        let shared = Shared {
            instrumentation: Instrumentation::new(Convention::DbClient, scope, common),
            identity,
            options,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// True if [`start`](Self::start) would record anything. False if telemetry is suppressed or
    /// there is no provider. A driver that would have to format the text can then skip that.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        let is_suppressed = Context::map_current(Context::is_telemetry_suppressed);
        !is_suppressed && self.shared.instrumentation.resolved.is_found()
    }

    /// Starts the operation of a query, as a child of the current span.
    pub fn start(&self, statement: &Statement<'_>) -> DbOperation {
        self.begin(statement, Clock::now)
    }

    /// Starts the operation of a query that began `elapsed` ago, for a driver that reports queries
    /// only at their end. Its parent is the span that is current now.
    pub fn start_before(&self, statement: &Statement<'_>, elapsed: Duration) -> DbOperation {
        self.begin(statement, || Clock::before(elapsed))
    }

    fn begin(&self, statement: &Statement<'_>, started: impl FnOnce() -> Clock) -> DbOperation {
        let Shared {
            instrumentation,
            identity,
            options,
        } = &*self.shared;
        let accepts = || {
            let filter = options.filter.as_ref();
            filter.is_none_or(|accepts| accepts(statement))
        };
        let origin = match Origin::local(instrumentation, accepts) {
            Ok(origin) => origin,
            Err(unrecorded) => return DbOperation::new(unrecorded),
        };
        let read = self.read(statement);
        let summary = read.as_ref().filter(|it| !it.summary.is_empty());

        let measures = instrumentation.measures();
        let mut labels = Vec::new();
        if measures {
            labels = label_list::list();
            identity.describe_database(&mut labels);
            if let Some(read) = summary {
                labels.push(KeyValue::new(semconv::DB_QUERY_SUMMARY, read.label));
            }
            for (key, name) in names(statement) {
                labels.push(KeyValue::new(key, label::bounded(name)));
            }
            identity.describe_server(&mut labels);
        }
        let name = self.name(statement, summary);
        let mut span = Vec::new();
        if origin.may_have_span() {
            span = Vec::with_capacity(ATTRIBUTES);
            identity.describe_database(&mut span);
            if let Some(read) = summary {
                let summary = read.summary.clone();
                span.push(KeyValue::new(semconv::DB_QUERY_SUMMARY, summary));
            }
            for (key, name) in names(statement) {
                span.push(KeyValue::new(key, intern::route(name)));
            }
            if let Some(size) = statement.batch_size.filter(|size| *size != 1) {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                span.push(KeyValue::new(semconv::DB_OPERATION_BATCH_SIZE, size));
            }
            identity.describe_server(&mut span);
            if let Some(read) = read
                && options.query_text
            {
                span.push(KeyValue::new(semconv::DB_QUERY_TEXT, read.text));
            }
        }

        let mut attributes = Attributes::new(span, labels);
        if let Some(hook) = &options.attributes {
            let _current = origin.context().clone().attach();
            hook(statement, &mut attributes);
        }
        let outcome = DbOutcome::new(options.error_messages, options.returned_rows);
        let start = Start {
            origin,
            name,
            word: Cow::Borrowed(""),
            attributes,
            measures,
            route: Route::Unknown,
            outcome: Outcome::Db(outcome),
        };
        DbOperation::new(start.begin_named(instrumentation, started()))
    }

    /// Starts the wait for a connection of a pool, within `operation` if there is one, otherwise
    /// within the current span.
    ///
    /// ```
    /// # use otel_instrumentation::{
    /// #     DatabaseConfig, DbClientInstrumentation, Statement, instrumentation_scope,
    /// # };
    /// # let scope = instrumentation_scope("my-driver", "1.0.0");
    /// # let client = DbClientInstrumentation::new(scope, DatabaseConfig::new());
    /// let operation = client.start(&Statement::sql("SELECT 1"));
    /// let acquire = client.acquire(Some(&operation));
    /// // … wait for a connection …
    /// acquire.finish();
    /// ```
    pub fn acquire(&self, operation: Option<&DbOperation>) -> Acquire {
        let Shared {
            instrumentation,
            options,
            ..
        } = &*self.shared;
        Acquire::begin(instrumentation, options.acquire_threshold, operation)
    }

    /// Creates the metrics of a pool, whose state `look` returns. They do nothing unless the
    /// configuration [asks for them](DatabaseConfig::pool_metrics).
    ///
    /// `look` is kept until the last clone of the metrics, and everything that they have handed
    /// out, has been dropped. See [`PoolMetrics`].
    pub fn pool(&self, look: impl Fn() -> PoolState + Send + Sync + 'static) -> PoolMetrics {
        let Shared {
            instrumentation,
            options,
            ..
        } = &*self.shared;
        PoolMetrics::new(instrumentation, options.pool_name.clone(), look)
    }

    /// `None` if there is no text, or if the API provides the operation.
    fn read(&self, statement: &Statement<'_>) -> Option<Known> {
        let Shared {
            identity, options, ..
        } = &*self.shared;
        let sanitise = match options.sanitising {
            Sanitising::Unbound => !statement.is_bound,
            Sanitising::All => true,
            Sanitising::Nothing => false,
        };
        let reading = ReadingOptions {
            dialect: identity.dialect,
            sanitise,
            collapse_above: options.collapse_lists,
        };
        let mut known = known(statement.text?, reading);
        if statement.operation.is_some() {
            known.summary = Cow::Borrowed("");
        }
        Some(known)
    }

    fn name(&self, statement: &Statement<'_>, summary: Option<&Known>) -> Cow<'static, str> {
        let Shared {
            identity, options, ..
        } = &*self.shared;
        let custom = options.span_name.as_ref();
        if let Some(name) = custom.and_then(|hook| hook(statement)) {
            return name;
        }
        if let Some(read) = summary {
            return read.summary.clone();
        }
        let named = statement.collection.or(statement.stored_procedure);
        let target = match named.filter(|name| !name.is_empty()) {
            Some(target) => Some(Cow::Borrowed(target)),
            None => identity.target(),
        };
        match (statement.operation, target) {
            (Some(operation), Some(target)) => intern::name(operation, &target).0,
            (Some(operation), None) => intern::route(operation),
            (None, Some(target)) => intern::route(&target),
            (None, None) => intern::route(identity.system().as_str()),
        }
    }
}

/// The attributes that the API provides about the operation.
fn names<'a>(statement: &Statement<'a>) -> impl Iterator<Item = (&'static str, &'a str)> {
    let names = [
        (semconv::DB_OPERATION_NAME, statement.operation),
        (semconv::DB_COLLECTION_NAME, statement.collection),
        (
            semconv::DB_STORED_PROCEDURE_NAME,
            statement.stored_procedure,
        ),
    ];
    let named = |(key, name): (_, Option<&'a str>)| Some((key, name.filter(|it| !it.is_empty())?));
    names.into_iter().filter_map(named)
}

/// Capacity for the usual attributes and those set at the end, so that nothing is moved.
const ATTRIBUTES: usize = 9;
