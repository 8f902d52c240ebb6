//! The columns: one middleware in one framework.

use std::fmt;

use crate::sdk::{self, Needs};
use crate::sdk_of_oxtel;
use crate::setup::Setup;

/// One middleware in one framework.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name of the framework, which is a section of the tables.
    pub framework: &'static str,
    /// The name of the crate.
    pub name: &'static str,
    pub kind: Kind,
    /// Creates the service. Returns a function that sends it one request and reads the response to
    /// its end.
    pub subject: fn(Setup) -> Request,
}

/// Sends one request.
pub type Request = Box<dyn FnMut()>;

/// The purpose of a column, which decides what it needs and what it must record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The framework, or a middleware that does nothing.
    Nothing,
    /// The [least](crate::floor) that every middleware has to call.
    Floor,
    Ours,
    /// Ours, in an application that sets the SDK's propagator, as peers need it.
    OursWithPropagator,
    /// A peer on OpenTelemetry's API, with metrics.
    Api,
    /// A peer on `tracing`, with or without metrics.
    Tracing {
        metrics: bool,
    },
    /// A peer on `tracing` and the previous version of OpenTelemetry's API, without metrics.
    TracingBefore,
    /// A peer with its own SDK.
    Oxtel,
}

/// The name of the [floor](crate::floor).
pub const FLOOR: &str = "the API by hand";

impl Column {
    /// Sets up the SDK; the service must be created afterwards. Returns a function that exports the
    /// metrics.
    pub fn install(&self, setup: Setup) -> Box<dyn Fn()> {
        // The W3C propagator that peers need is part of the SDK.
        let needs = Needs {
            propagator: setup != Setup::A
                && !matches!(self.kind, Kind::Nothing | Kind::Floor | Kind::Ours),
            subscriber: matches!(self.kind, Kind::Tracing { .. } | Kind::TracingBefore),
            early: matches!(self.kind, Kind::Ours | Kind::OursWithPropagator),
        };
        match self.kind {
            Kind::TracingBefore => sdk::v0_32::install(setup, needs),
            Kind::Oxtel => sdk_of_oxtel::install(setup),
            Kind::Nothing
            | Kind::Floor
            | Kind::Ours
            | Kind::OursWithPropagator
            | Kind::Api
            | Kind::Tracing { .. } => sdk::v0_33::install(setup, needs),
        }
    }

    /// Whether there is anything to measure in this setup.
    pub fn takes_part_in(&self, setup: Setup) -> bool {
        setup != Setup::D || !self.lacks_metrics()
    }

    /// Whether it records no duration metric.
    pub fn lacks_metrics(&self) -> bool {
        matches!(
            self.kind,
            Kind::Tracing { metrics: false } | Kind::TracingBefore
        )
    }

    /// Whether it is the bare framework or the layer that does nothing.
    pub fn records_nothing(&self) -> bool {
        self.kind == Kind::Nothing
    }

    /// `Server` or `Client`.
    pub fn span_kind(&self) -> &'static str {
        match self.framework {
            "reqwest" => "Client",
            _ => "Server",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.framework, self.name)
    }
}
