//! Warnings about telemetry that goes nowhere, logged once and with a delay.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A warning that is logged once something has happened often enough, or for long enough.
pub(super) struct Notice {
    count: AtomicU32,
    first: OnceLock<Instant>,
    warn: fn(),
}

/// No provider was ever set.
pub(super) static WITHOUT_PROVIDER: Notice = Notice::new(|| {
    tracing::warn!(
        name: "NoProvider",
        opentelemetry = OPENTELEMETRY,
        "Requests are neither traced nor measured, because no tracer or meter provider is set for \
         opentelemetry {OPENTELEMETRY}, which these middlewares were built with. If you have set \
         one, it is of another version: `cargo tree -d --depth 1` lists both, each with what \
         depends on it. If you want no telemetry, OTEL_SDK_DISABLED=true switches this line off.",
    );
});

/// The provider was shut down, and no other one was set.
pub(super) static SHUT_DOWN: Notice = Notice::new(|| {
    tracing::warn!(
        name: "ProviderShutDown",
        "Requests are not traced any more, because the tracer provider was shut down and no other \
         one was set.",
    );
});

impl Notice {
    const fn new(warn: fn()) -> Self {
        Self {
            count: AtomicU32::new(0),
            first: OnceLock::new(),
            warn,
        }
    }

    /// Counts one more occurrence. After the warning this does nothing.
    #[cold]
    pub(super) fn count(&self) {
        if self.count.load(Ordering::Relaxed) >= OFTEN {
            return;
        }
        let is_often = self.count.fetch_add(1, Ordering::Relaxed) + 1 == OFTEN;
        let is_long = || self.first.get_or_init(Instant::now).elapsed() >= LONG;
        // Only the first thread to get here warns.
        let is_due = is_often || is_long() && self.count.swap(OFTEN, Ordering::Relaxed) < OFTEN;
        if is_due && !is_meant() {
            (self.warn)();
        }
    }
}

/// True if the environment switches telemetry off on purpose (SDK environment variables,
/// "General").
fn is_meant() -> bool {
    std::env::var_os("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The API version whose providers are looked up. Versions that differ in it share no globals.
const OPENTELEMETRY: &str = "0.33";
const OFTEN: u32 = 100;
const LONG: Duration = Duration::from_secs(10);
