//! The warnings of `from_env` about unknown names.
//!
//! The environment belongs to the process, so the test runs itself in a new one.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::{
    env,
    process::Command,
    sync::{Arc, Mutex},
};

use opentelemetry::propagation::TextMapPropagator;
use otel_propagation::from_env;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[test]
fn unknown_names_are_reported_once_and_ignored() {
    if env::var_os(CHILD).is_some() {
        return report();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "unknown_names_are_reported_once_and_ignored"])
        .env(CHILD, "1")
        .env("OTEL_PROPAGATORS", "baggage, ottrace,Bogus,bogus")
        .output()
        .unwrap();

    assert!(output.status.success(), "{output:?}");
    assert!(
        output.stdout.starts_with(b"\nrunning 1 test\n"),
        "{output:?}"
    );
}

/// Runs in the child process.
fn report() {
    let warnings = Warnings::default();

    tracing::subscriber::with_default(warnings.clone(), || {
        for _ in 0..2 {
            assert!(from_env().fields().eq(["baggage"]));
        }
    });

    assert_eq!(*warnings.0.lock().unwrap(), ["ottrace,bogus"]);
}

/// Collects the field `unknown` of every warning.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Recorder(self));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Recorder<'a>(&'a Warnings);

impl Visit for Recorder<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "unknown" {
            self.0.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

const CHILD: &str = "UNKNOWN_NAMES_TEST_CHILD";
