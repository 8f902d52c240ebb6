//! The metric instruments of the conventions (`docs/http/http-metrics.md`,
//! `docs/rpc/rpc-metrics.md`, `docs/messaging/messaging-metrics.md`,
//! `docs/db/database-metrics.md`).

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};

#[cfg(feature = "bound-instruments")]
use super::bound_histogram::BoundHistograms;

/// Name and description of the instruments that one convention defines; `None` means switched off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definitions {
    pub(crate) duration: Definition,
    /// The bounds of the durations' buckets, in seconds.
    pub(crate) buckets: &'static [f64],
    pub(crate) active: Option<Definition>,
    pub(crate) body_sizes: Option<[Definition; 2]>,
    /// How many messages were sent or received.
    pub(crate) messages: Option<Definition>,
}

type Definition = (&'static str, &'static str);

impl Definitions {
    pub(crate) const HTTP_SERVER: Self = Self {
        duration: (
            "http.server.request.duration",
            "Duration of HTTP server requests.",
        ),
        buckets: &REQUEST_BUCKETS,
        active: Some((
            "http.server.active_requests",
            "Number of active HTTP server requests.",
        )),
        body_sizes: Some([
            (
                "http.server.request.body.size",
                "Size of HTTP server request bodies.",
            ),
            (
                "http.server.response.body.size",
                "Size of HTTP server response bodies.",
            ),
        ]),
        messages: None,
    };

    pub(crate) const HTTP_CLIENT: Self = Self {
        duration: (
            "http.client.request.duration",
            "Duration of HTTP client requests.",
        ),
        buckets: &REQUEST_BUCKETS,
        active: Some((
            "http.client.active_requests",
            "Number of active HTTP requests.",
        )),
        body_sizes: Some([
            (
                "http.client.request.body.size",
                "Size of HTTP client request bodies.",
            ),
            (
                "http.client.response.body.size",
                "Size of HTTP client response bodies.",
            ),
        ]),
        messages: None,
    };

    pub(crate) const RPC_SERVER: Self = Self {
        duration: (
            "rpc.server.call.duration",
            "Measures the duration of an incoming Remote Procedure Call (RPC).",
        ),
        buckets: &REQUEST_BUCKETS,
        active: None,
        body_sizes: None,
        messages: None,
    };

    pub(crate) const RPC_CLIENT: Self = Self {
        duration: (
            "rpc.client.call.duration",
            "Measures the duration of an outgoing Remote Procedure Call (RPC).",
        ),
        buckets: &REQUEST_BUCKETS,
        active: None,
        body_sizes: None,
        messages: None,
    };

    pub(crate) const DB_CLIENT: Self = Self {
        duration: (
            "db.client.operation.duration",
            "Duration of database client operations.",
        ),
        buckets: &QUERY_BUCKETS,
        active: None,
        body_sizes: None,
        messages: None,
    };

    pub(crate) const SEND: Self = Self {
        messages: Some((
            "messaging.client.sent.messages",
            "Number of messages producer attempted to send to the broker.",
        )),
        ..Self::SETTLE
    };

    pub(crate) const RECEIVE: Self = Self {
        messages: CONSUMED_MESSAGES,
        ..Self::SETTLE
    };

    pub(crate) const PROCESS: Self = Self {
        duration: (
            "messaging.process.duration",
            "Duration of processing operation.",
        ),
        messages: CONSUMED_MESSAGES,
        ..Self::SETTLE
    };

    pub(crate) const SETTLE: Self = Self {
        duration: (
            "messaging.client.operation.duration",
            "Duration of messaging operation initiated by a producer or consumer client.",
        ),
        buckets: &REQUEST_BUCKETS,
        active: None,
        body_sizes: None,
        messages: None,
    };

    /// Leaves out opt-in instruments that were not asked for.
    pub(crate) fn only(self, active: bool, body_sizes: bool) -> Self {
        Self {
            duration: self.duration,
            buckets: self.buckets,
            active: self.active.filter(|_| active),
            body_sizes: self.body_sizes.filter(|_| body_sizes),
            messages: self.messages,
        }
    }
}

/// The instruments themselves, created once for each configuration.
pub(crate) struct Instruments {
    pub(crate) duration: Duration,
    pub(crate) active: Option<UpDownCounter<i64>>,
    pub(crate) body_sizes: Option<BodySizes>,
    pub(crate) messages: Option<Counter<u64>>,
}

pub(crate) struct BodySizes {
    pub(crate) request: Histogram<u64>,
    pub(crate) response: Histogram<u64>,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter, definitions: &Definitions) -> Self {
        let (name, description) = definitions.duration;
        let duration = meter
            .f64_histogram(name)
            .with_description(description)
            .with_unit("s")
            .with_boundaries(definitions.buckets.to_vec())
            .build();
        let active = definitions.active.map(|(name, description)| {
            meter
                .i64_up_down_counter(name)
                .with_description(description)
                .with_unit("{request}")
                .build()
        });
        let size = |(name, description): Definition| {
            meter
                .u64_histogram(name)
                .with_description(description)
                .with_unit("By")
                .build()
        };
        let body_sizes = definitions.body_sizes.map(|[request, response]| BodySizes {
            request: size(request),
            response: size(response),
        });
        let messages = definitions.messages.map(|(name, description)| {
            meter
                .u64_counter(name)
                .with_description(description)
                .with_unit("{message}")
                .build()
        });
        Self {
            duration: Duration::ByLabels(duration),
            active,
            body_sizes,
            messages,
        }
    }
}

impl Instruments {
    /// Keeps the SDK's places if `binds` is true.
    #[cfg(feature = "bound-instruments")]
    pub(super) fn bound(mut self, binds: bool) -> Self {
        self.duration = match self.duration {
            Duration::ByLabels(histogram) if binds => {
                Duration::Bound(BoundHistograms::new(histogram))
            }
            duration => duration,
        };
        self
    }
}

/// The histogram of durations.
pub(crate) enum Duration {
    ByLabels(Histogram<f64>),
    #[cfg(feature = "bound-instruments")]
    Bound(BoundHistograms),
}

impl Duration {
    pub(crate) fn record(&self, seconds: f64, labels: &[KeyValue]) {
        match self {
            Self::ByLabels(histogram) => histogram.record(seconds, labels),
            #[cfg(feature = "bound-instruments")]
            Self::Bound(histograms) => histograms.record(seconds, labels),
        }
    }
}

const CONSUMED_MESSAGES: Option<Definition> = Some((
    "messaging.client.consumed.messages",
    "Number of messages that were delivered to the application.",
));

/// The conventions' advice for requests, calls and messages.
const REQUEST_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The conventions' advice for queries.
pub(crate) const QUERY_BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];
