//! How long a span was entered, and how long it was not.

use std::time::Instant;

use opentelemetry::KeyValue;

/// The busy and the idle time of a span, as tracing-opentelemetry measures them.
pub(crate) struct Activity {
    /// The number of threads that have entered it.
    entered: usize,
    since: Instant,
    busy: u128,
    idle: u128,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self {
            entered: 0,
            since: Instant::now(),
            busy: 0,
            idle: 0,
        }
    }

    pub(crate) fn enter(&mut self) {
        if self.entered == 0 {
            self.idle += self.lap();
        }
        self.entered += 1;
    }

    pub(crate) fn exit(&mut self) {
        self.entered = self.entered.saturating_sub(1);
        if self.entered == 0 {
            self.busy += self.lap();
        }
    }

    pub(crate) fn attributes(mut self) -> [KeyValue; 2] {
        self.idle += self.lap();
        let nanoseconds = |time: u128| i64::try_from(time).unwrap_or(i64::MAX);
        [
            KeyValue::new("busy_ns", nanoseconds(self.busy)),
            KeyValue::new("idle_ns", nanoseconds(self.idle)),
        ]
    }

    fn lap(&mut self) -> u128 {
        let now = Instant::now();
        let lap = now.saturating_duration_since(self.since);
        self.since = now;
        lap.as_nanos()
    }
}
