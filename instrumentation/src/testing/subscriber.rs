//! Spans of `tracing` beside those of the API, as in an application.

use otel_tracing_bridge::{ContextSubscriber, SpanLayer};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use super::Capture;

impl Capture {
    /// A subscriber that captures the spans of `tracing` of level `INFO` and above, in the same way
    /// as the subscriber of `otel_autoconfigure::init` exports them. They can be mixed with spans
    /// of the API: the inner span is the child of the outer one.
    ///
    /// In a test on one thread, set it by `tracing::subscriber::set_default`. It is active until
    /// the guard is dropped. A runtime with several threads needs `set_global_default`, which can
    /// be called only once per process.
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
