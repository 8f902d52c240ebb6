//! Spans of `tracing` beside those of the API, as an application has them.

use otel_tracing_bridge::{ContextSubscriber, SpanLayer};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use super::Capture;

impl Capture {
    /// A subscriber that brings the spans of `tracing` here, from level `INFO` on, as that of
    /// `otel_autoconfigure::init` exports them: below the spans of the API that they are made in, and
    /// the other way round.
    ///
    /// A test on one thread sets it by `tracing::subscriber::set_default`, until the guard is dropped.
    /// A runtime of several threads needs `set_global_default`, which a process can do once.
    ///
    /// ```
    /// use otel_instrumentation::testing::Capture;
    ///
    /// let capture = Capture::new();
    /// let _subscriber = tracing::subscriber::set_default(capture.subscriber());
    /// tracing::info_span!("reserve").in_scope(|| { /* … */ });
    /// assert_eq!(capture.spans()[0].name, "reserve");
    /// ```
    pub fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        let subscriber = tracing_subscriber::registry()
            .with(SpanLayer::new(self.tracer_provider.clone()))
            .with(LevelFilter::INFO);
        ContextSubscriber::new(subscriber)
    }
}
