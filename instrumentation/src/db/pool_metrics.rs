//! The metrics of a pool of connections (`docs/db/database-metrics.md`, "Connection pools").

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};

use crate::operation::Instrumentation;
use crate::providers::QUERY_BUCKETS;
use crate::semconv;

/// The numbers of connections that a pool has and may have at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// The number of idle connections.
    pub idle: u32,
    /// The number of connections in use.
    pub used: u32,
    /// The minimum number of idle connections, if there is one.
    pub idle_min: Option<u32>,
    /// The maximum number of connections, if there is one.
    pub limit: Option<u32>,
}

/// The metrics of one pool. They are cheap to clone, and do nothing unless the configuration
/// [asks for them](crate::DatabaseConfig::pool_metrics).
///
/// Create them by [`DbClientInstrumentation::pool`](crate::DbClientInstrumentation::pool).
#[derive(Clone)]
pub struct PoolMetrics(Option<Arc<Pool>>);

struct Pool {
    name: KeyValue,
    instrumentation: Arc<Instrumentation>,
    look: Box<Look>,
    /// Created once there is a meter provider.
    instruments: OnceLock<Instruments>,
}

type Look = dyn Fn() -> PoolState + Send + Sync;
type Bound = fn(&PoolState) -> Option<u32>;

struct Instruments {
    pending: UpDownCounter<i64>,
    timeouts: Counter<u64>,
    wait_time: Histogram<f64>,
    use_time: Histogram<f64>,
}

impl PoolMetrics {
    pub(super) fn new(
        instrumentation: &Arc<Instrumentation>,
        name: Option<Cow<'static, str>>,
        look: impl Fn() -> PoolState + Send + Sync + 'static,
    ) -> Self {
        let Some(name) = name else {
            return Self(None);
        };
        let pool = Arc::new(Pool {
            name: KeyValue::new(semconv::DB_POOL_NAME, name),
            instrumentation: instrumentation.clone(),
            look: Box::new(look),
            instruments: OnceLock::new(),
        });
        // If there is a provider already, a pool that is never used is measured, too.
        pool.instruments();
        Self(Some(pool))
    }

    /// Records that a caller begins to wait for a connection.
    pub fn wait(&self) -> PoolWait {
        let pool = self.0.clone().filter(|pool| pool.instruments().is_some());
        if let Some((instruments, name)) = pool.as_ref().and_then(measured) {
            instruments.pending.add(1, name);
        }
        PoolWait {
            pool,
            since: Instant::now(),
        }
    }

    /// Records that a caller has got a connection without waiting.
    pub fn lend(&self) -> PoolUse {
        PoolUse {
            pool: self.0.clone(),
            since: Instant::now(),
        }
    }
}

/// The wait for a connection. If it is dropped, the caller has given up, or the wait has failed.
#[must_use = "a wait that is dropped has come to its end"]
pub struct PoolWait {
    pool: Option<Arc<Pool>>,
    since: Instant,
}

impl PoolWait {
    /// Ends the wait with a connection, which is in use from now on.
    pub fn finish(mut self) -> PoolUse {
        let now = Instant::now();
        let pool = self.pool.take();
        if let Some((instruments, name)) = pool.as_ref().and_then(measured) {
            let waited = now.duration_since(self.since).as_secs_f64();
            instruments.pending.add(-1, name);
            instruments.wait_time.record(waited, name);
        }
        PoolUse { pool, since: now }
    }

    /// Ends the wait because no connection came in time.
    pub fn time_out(self) {
        if let Some((instruments, name)) = self.pool.as_ref().and_then(measured) {
            instruments.timeouts.add(1, name);
        }
    }
}

impl Drop for PoolWait {
    fn drop(&mut self) {
        if let Some((instruments, name)) = self.pool.as_ref().and_then(measured) {
            instruments.pending.add(-1, name);
        }
    }
}

/// The use of a connection, until the drop.
#[must_use = "a use that is dropped has come to its end"]
pub struct PoolUse {
    pool: Option<Arc<Pool>>,
    since: Instant,
}

impl Drop for PoolUse {
    fn drop(&mut self) {
        if let Some((instruments, name)) = self.pool.as_ref().and_then(measured) {
            let used = self.since.elapsed().as_secs_f64();
            instruments.use_time.record(used, name);
        }
    }
}

fn measured(pool: &Arc<Pool>) -> Option<(&Instruments, &[KeyValue])> {
    Some((pool.instruments()?, std::slice::from_ref(&pool.name)))
}

impl Pool {
    fn instruments(self: &Arc<Self>) -> Option<&Instruments> {
        match self.instruments.get() {
            Some(instruments) => Some(instruments),
            None => {
                let meter = self.instrumentation.resolved.meter()?;
                Some(self.instruments.get_or_init(|| {
                    observe(&meter, &Arc::downgrade(self));
                    Instruments::new(&meter)
                }))
            }
        }
    }
}

impl Instruments {
    fn new(meter: &Meter) -> Self {
        let time = |name, description| {
            meter
                .f64_histogram(name)
                .with_description(description)
                .with_unit("s")
                .with_boundaries(QUERY_BUCKETS.to_vec())
                .build()
        };
        Self {
            pending: meter
                .i64_up_down_counter("db.client.connection.pending_requests")
                .with_description("The number of current pending requests for an open connection.")
                .with_unit("{request}")
                .build(),
            timeouts: meter
                .u64_counter("db.client.connection.timeouts")
                .with_description(
                    "The number of connection timeouts that have occurred trying to obtain a \
                     connection from the pool.",
                )
                .with_unit("{timeout}")
                .build(),
            wait_time: time(
                "db.client.connection.wait_time",
                "The time it took to obtain an open connection from the pool.",
            ),
            use_time: time(
                "db.client.connection.use_time",
                "The time between borrowing a connection and returning it to the pool.",
            ),
        }
    }
}

/// Registers the state of the pool as observable metrics. A pool that was dropped is no longer
/// observed.
fn observe(meter: &Meter, pool: &Weak<Pool>) {
    let connections = |name: &'static str, description| {
        let counter = meter.i64_observable_up_down_counter(name);
        counter
            .with_description(description)
            .with_unit("{connection}")
    };
    let looked = |pool: &Weak<Pool>| {
        let pool = pool.upgrade()?;
        Some(((pool.look)(), pool.name.clone()))
    };
    let source = pool.clone();
    connections(
        "db.client.connection.count",
        "The number of connections that are currently in state described by the `state` attribute.",
    )
    .with_callback(move |observer| {
        let Some((state, name)) = looked(&source) else {
            return;
        };
        for (count, state) in [(state.idle, "idle"), (state.used, "used")] {
            let state = KeyValue::new(semconv::DB_CONNECTION_STATE, state);
            observer.observe(i64::from(count), &[name.clone(), state]);
        }
    })
    .build();
    let bounds: [(_, _, Bound); 2] = [
        (
            "db.client.connection.idle.min",
            "The minimum number of idle open connections allowed.",
            |state| state.idle_min,
        ),
        (
            "db.client.connection.limit",
            "The maximum number of open connections allowed.",
            |state| state.limit,
        ),
    ];
    for (name, description, bound) in bounds {
        let source = pool.clone();
        connections(name, description)
            .with_callback(move |observer| {
                if let Some((state, name)) = looked(&source)
                    && let Some(bound) = bound(&state)
                {
                    observer.observe(i64::from(bound), &[name]);
                }
            })
            .build();
    }
}

impl fmt::Debug for PoolMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_ref().map(|pool| &pool.name.value);
        formatter.debug_tuple("PoolMetrics").field(&name).finish()
    }
}

impl fmt::Debug for PoolWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PoolWait")
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PoolUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PoolUse")
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}
