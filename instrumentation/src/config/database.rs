//! The options of database clients.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::attributes::Attributes;
use crate::db::SqlDialect;
use crate::facts::Statement;
use crate::providers::Providers;

/// The statements in which literals are replaced before `db.query.text` is recorded; see
/// [`DatabaseConfig::sanitising`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sanitising {
    /// Statements without bound values, because their literals may be values.
    #[default]
    Unbound,
    /// All statements.
    All,
    /// No statement. This is for programs that never put values into the text of a statement.
    Nothing,
}

/// How database clients are instrumented; the same value works for every driver.
///
/// Drivers fill in the name and the address of the database if they know them.
///
/// ```
/// use std::time::Duration;
/// use otel_instrumentation::DatabaseConfig;
///
/// let config = DatabaseConfig::new()
///     .filter(|statement| statement.text != Some("SELECT 1"))
///     .acquire_threshold(Duration::from_millis(5));
/// # let _ = config;
/// ```
#[derive(Clone)]
pub struct DatabaseConfig {
    pub(crate) system: Option<Cow<'static, str>>,
    pub(crate) namespace: Option<Cow<'static, str>>,
    pub(crate) server: Option<(Cow<'static, str>, Option<u16>)>,
    pub(crate) options: DatabaseOptions,
    pub(crate) providers: Providers,
}

impl DatabaseConfig {
    /// A configuration that records what the conventions require and recommend, and nothing that is
    /// opt-in.
    #[must_use]
    pub fn new() -> Self {
        Self {
            system: None,
            namespace: None,
            server: None,
            options: DatabaseOptions::default(),
            providers: Providers::global(),
        }
    }

    /// Sets `db.system.name`, the product, such as `postgresql` or `redis`. Default: the driver's
    /// value, or `other_sql`.
    ///
    /// It also decides how literals and comments are recognised, unless [`dialect`](Self::dialect)
    /// is set.
    #[must_use]
    pub fn system(mut self, system: impl Into<Cow<'static, str>>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// Sets the SQL dialect that statements are read in. Default: that of the
    /// [`system`](Self::system), if it is
    /// `postgresql`, `cockroachdb`, `mysql`, `mariadb`, `sqlite` or `microsoft.sql_server`,
    /// otherwise [`SqlDialect::Unknown`].
    #[must_use]
    pub fn dialect(mut self, dialect: SqlDialect) -> Self {
        self.options.dialect = Some(dialect);
        self
    }

    /// Sets `db.namespace`, the name of the database on its server. Default: the driver's value, or
    /// absent.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<Cow<'static, str>>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets `server.address` and `server.port`. The address is the host that the client was given,
    /// or the path of a Unix socket, which has no port. The default port of the system is not
    /// recorded. Default: the driver's values, or absent.
    #[must_use]
    pub fn server(
        mut self,
        address: impl Into<Cow<'static, str>>,
        port: impl Into<Option<u16>>,
    ) -> Self {
        self.server = Some((address.into(), port.into()));
        self
    }

    /// Takes the system, the namespace and the server from `driver` if this configuration does not
    /// set them. This is for integrations of a driver.
    ///
    /// ```
    /// use otel_instrumentation::DatabaseConfig;
    ///
    /// let driver = DatabaseConfig::new().system("postgresql").namespace("shop");
    /// let config = DatabaseConfig::new().namespace("orders").or(driver);
    /// # let _ = config; // system `postgresql`, namespace `orders`
    /// ```
    #[must_use]
    pub fn or(mut self, driver: Self) -> Self {
        self.system = self.system.or(driver.system);
        self.namespace = self.namespace.or(driver.namespace);
        self.server = self.server.or(driver.server);
        self
    }

    /// Selects the statements that are recorded. If it returns false, there is no span and no
    /// metric. Default: all statements are recorded.
    #[must_use]
    pub fn filter(
        mut self,
        filter: impl Fn(&Statement<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.filter = Some(Arc::new(filter));
        self
    }

    /// Sets the span's name. If it returns `None`, the name is that of the convention, which is the
    /// default. Use only a few different names.
    #[must_use]
    pub fn span_name(
        mut self,
        name: impl Fn(&Statement<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.options.span_name = Some(Arc::new(name));
        self
    }

    /// Adds attributes that are known when the query begins. Default: none.
    ///
    /// When the hook is called, the current context is the parent context of the span, with its
    /// baggage.
    #[must_use]
    pub fn attributes(
        mut self,
        hook: impl Fn(&Statement<'_>, &mut Attributes) + Send + Sync + 'static,
    ) -> Self {
        self.options.attributes = Some(Arc::new(hook));
        self
    }

    /// Selects the statements in which literals are replaced before their text is recorded.
    /// Default: [`Sanitising::Unbound`].
    #[must_use]
    pub fn sanitising(mut self, sanitising: Sanitising) -> Self {
        self.options.sanitising = sanitising;
        self
    }

    /// Sets how many elements a list of literals, as after `IN`, may have. A longer list is
    /// recorded as a single element. Default: 16.
    #[must_use]
    pub fn collapse_lists(mut self, elements: usize) -> Self {
        self.options.collapse_lists = elements;
        self
    }

    /// Sets whether `db.query.text` is recorded. Default: true.
    #[must_use]
    pub fn query_text(mut self, query_text: bool) -> Self {
        self.options.query_text = query_text;
        self
    }

    /// Sets whether the messages of errors are recorded, in the span's status. Default: false,
    /// because they can contain values: `Key (email)=(ada@example.com) already exists`.
    #[must_use]
    pub fn error_messages(mut self, error_messages: bool) -> Self {
        self.options.error_messages = error_messages;
        self
    }

    /// Sets whether the number of rows that were returned is recorded. Default: false.
    #[must_use]
    pub fn returned_rows(mut self, returned_rows: bool) -> Self {
        self.options.returned_rows = returned_rows;
        self
    }

    /// Sets how long a query may wait for a connection of its pool without a span for the wait. A
    /// longer wait gets a span `acquire` below that of the query. Default: one millisecond.
    #[must_use]
    pub fn acquire_threshold(mut self, threshold: Duration) -> Self {
        self.options.acquire_threshold = threshold;
        self
    }

    /// Measures the pool: `db.client.connection.count`, `.idle.min`, `.limit`, `.pending_requests`,
    /// `.timeouts`, `.wait_time` and `.use_time`, as far as the driver knows them. The name is a
    /// label; give each pool of a process a different one. Default: the pool is not measured.
    #[must_use]
    pub fn pool_metrics(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.options.pool_name = Some(name.into());
        self
    }

    /// Sets the providers of the telemetry. Default: [`Providers::global`].
    #[must_use]
    pub fn providers(mut self, providers: Providers) -> Self {
        self.providers = providers;
        self
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseConfig")
            .field("system", &self.system)
            .field("namespace", &self.namespace)
            .field("server", &self.server)
            .field("options", &self.options)
            .field("providers", &self.providers)
            .finish()
    }
}

type Predicate = Arc<dyn Fn(&Statement<'_>) -> bool + Send + Sync>;
type SpanName = Arc<dyn Fn(&Statement<'_>) -> Option<Cow<'static, str>> + Send + Sync>;
type AttributesHook = Arc<dyn Fn(&Statement<'_>, &mut Attributes) + Send + Sync>;

/// The options of a database client in the form that operations read.
#[derive(Clone)]
pub(crate) struct DatabaseOptions {
    pub(crate) filter: Option<Predicate>,
    pub(crate) span_name: Option<SpanName>,
    pub(crate) attributes: Option<AttributesHook>,
    /// `None` means the dialect of the system.
    pub(crate) dialect: Option<SqlDialect>,
    pub(crate) sanitising: Sanitising,
    pub(crate) collapse_lists: usize,
    pub(crate) query_text: bool,
    pub(crate) error_messages: bool,
    pub(crate) returned_rows: bool,
    pub(crate) acquire_threshold: Duration,
    /// `None` means that pools are not measured.
    pub(crate) pool_name: Option<Cow<'static, str>>,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            filter: None,
            span_name: None,
            attributes: None,
            dialect: None,
            sanitising: Sanitising::Unbound,
            collapse_lists: 16,
            query_text: true,
            error_messages: false,
            returned_rows: false,
            acquire_threshold: Duration::from_millis(1),
            pool_name: None,
        }
    }
}

impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseOptions")
            .field("filter", &self.filter.is_some())
            .field("span_name", &self.span_name.is_some())
            .field("attributes", &self.attributes.is_some())
            .field("dialect", &self.dialect)
            .field("sanitising", &self.sanitising)
            .field("collapse_lists", &self.collapse_lists)
            .field("query_text", &self.query_text)
            .field("error_messages", &self.error_messages)
            .field("returned_rows", &self.returned_rows)
            .field("acquire_threshold", &self.acquire_threshold)
            .field("pool_name", &self.pool_name)
            .finish()
    }
}
