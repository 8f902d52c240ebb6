//! The builder's methods for `tracing`.

use std::sync::Arc;

use otel_tracing_bridge::{Line, Lines, SpanLayer};

use crate::builder::Builder;

impl Builder {
    /// Sets the directives of `EnvFilter` that apply if `RUST_LOG` is not set; `info` by default.
    ///
    /// [`Telemetry::layer`](crate::Telemetry::layer) also uses them. If the application's
    /// subscriber has an `EnvFilter` with its own directives, set the same ones here.
    ///
    /// ```
    /// let builder = otel_autoconfigure::builder().default_directives("info,shop=debug");
    /// # drop(builder);
    /// ```
    pub fn default_directives(mut self, directives: impl Into<String>) -> Self {
        self.0.tracing.directives = directives.into();
        self
    }

    /// Sets the format of the lines on standard error. The default is text on a terminal, and JSON
    /// otherwise.
    ///
    /// This has no effect on the application's own subscriber.
    pub fn lines(mut self, lines: Lines) -> Self {
        self.0.tracing.lines = lines;
        self
    }

    /// Changes the content of a line: whether it has the fields of spans, and what it takes from
    /// the context. By default it has the fields of spans, the ids of the trace, and `http.route`
    /// of the server span.
    ///
    /// ```
    /// let builder = otel_autoconfigure::builder().configure_lines(|line| line.span_fields(false));
    /// # drop(builder);
    /// ```
    pub fn configure_lines(
        mut self,
        configure: impl Fn(Line) -> Line + Send + Sync + 'static,
    ) -> Self {
        self.0.tracing.configure_lines = Arc::new(configure);
        self
    }

    /// Changes how `tracing` spans are exported. It can add details that are left out by default,
    /// such as the source location, and set the version of the application's own crate.
    ///
    /// This has no effect together with
    /// [`with_tracing_opentelemetry`](Self::with_tracing_opentelemetry).
    ///
    /// ```
    /// use opentelemetry::InstrumentationScope;
    ///
    /// let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
    ///     .with_version(env!("CARGO_PKG_VERSION"))
    ///     .build();
    /// let builder = otel_autoconfigure::builder()
    ///     .configure_spans(move |spans| spans.location(true).scope(scope.clone()));
    /// # drop(builder);
    /// ```
    pub fn configure_spans(
        mut self,
        configure: impl Fn(SpanLayer) -> SpanLayer + Send + Sync + 'static,
    ) -> Self {
        self.0.tracing.configure_spans = Arc::new(configure);
        self
    }

    /// Sets whether panics are exported as log records, with message, place, backtrace and the ids
    /// of the current span. On by default. The previous panic hook is still called, and is called
    /// first.
    pub fn record_panics(mut self, is_on: bool) -> Self {
        self.0.tracing.records_panics = is_on;
        self
    }

    /// Exports `tracing` spans with tracing-opentelemetry, for an application with crates that use
    /// its `OpenTelemetrySpanExt`: reqwest-tracing, tracing-actix-web, axum-tracing-opentelemetry …
    ///
    /// By default the suite's own [`SpanLayer`] exports them. It costs less, but calls of
    /// `OpenTelemetrySpanExt` have no effect on it. With tracing-opentelemetry,
    /// [`OtelSpanExt`](crate::OtelSpanExt) does nothing, and `Span::current()` is no span in a
    /// handler without a `tracing` span.
    pub fn with_tracing_opentelemetry(mut self) -> Self {
        self.0.tracing.is_foreign = true;
        self
    }

    /// Turns the event that sqlx logs at the end of each statement into a span and a point of
    /// `db.client.operation.duration`. This covers queries that `otel-middleware-sqlx` does not
    /// see, such as those of SeaORM. Off by default, because the event says little: it names
    /// neither an error nor the database, and does not include the wait for a connection.
    ///
    /// It only applies below a span of this process. Statements that run through
    /// `otel-middleware-sqlx` are left out, so that no statement has two spans. Literals become
    /// `?`. The event itself is only logged or exported if `RUST_LOG` enables it.
    ///
    /// The application's own subscriber has to let `sqlx::query=debug` and
    /// `otel_middleware_sqlx::query=debug` through to
    /// [`Telemetry::layer`](crate::Telemetry::layer). Statements that sqlx is configured to log at
    /// `TRACE`, or not at all, are not seen.
    ///
    /// ```
    /// let builder = otel_autoconfigure::builder().sqlx_events(true);
    /// # drop(builder);
    /// ```
    pub fn sqlx_events(mut self, is_on: bool) -> Self {
        self.0.tracing.sqlx_events = is_on;
        self
    }
}
