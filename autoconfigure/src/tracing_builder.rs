//! The methods of the builder that decide about `tracing`.

use std::sync::Arc;

use otel_tracing_bridge::{Line, Lines, SpanLayer};

use crate::builder::Builder;

impl Builder {
    /// What counts where `RUST_LOG` is not set: directives of `EnvFilter`, `info` by default.
    ///
    /// [`Telemetry::layer`](crate::Telemetry::layer) goes by them, too. An application whose
    /// subscriber has an `EnvFilter` with directives of its own says them here as well.
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
    /// the context. Default: the fields of spans, the ids of the trace, and `http.route` of the
    /// server span.
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
    /// such as the place in the source, and set the version of the application's own crate.
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

    /// Whether panics are exported as log records, with message, place, backtrace and the ids of
    /// the current span. On by default. The panic hook that was installed before is still called,
    /// and is called first.
    pub fn record_panics(mut self, is_on: bool) -> Self {
        self.0.tracing.records_panics = is_on;
        self
    }

    /// Exports `tracing` spans by tracing-opentelemetry, for an application with crates that use
    /// its `OpenTelemetrySpanExt`: reqwest-tracing, tracing-actix-web, axum-tracing-opentelemetry …
    ///
    /// By default the suite's own [`SpanLayer`] exports them. It costs less, but calls of
    /// `OpenTelemetrySpanExt` have no effect on it. With tracing-opentelemetry,
    /// [`OtelSpanExt`](crate::OtelSpanExt) does nothing, and in a handler without a `tracing` span,
    /// `Span::current()` is no span.
    pub fn with_tracing_opentelemetry(mut self) -> Self {
        self.0.tracing.is_foreign = true;
        self
    }

    /// Makes a span and a point of `db.client.operation.duration` of what sqlx itself logs at the end
    /// of each statement: for queries that `otel-middleware-sqlx` does not see, such as those of SeaORM.
    /// Off by default, because sqlx tells little: no error, not which database it is, and nothing of the
    /// wait for a connection.
    ///
    /// It is done only below a span of this process. What runs through `otel-middleware-sqlx` is left
    /// to that, so that no statement has two spans. Literals become `?`. The event itself is a line or
    /// a record only where `RUST_LOG` asks for it.
    ///
    /// A subscriber of the application's own has to let `sqlx::query=debug` and
    /// `otel_middleware_sqlx::query=debug` through to [`Telemetry::layer`](crate::Telemetry::layer).
    /// Statements that sqlx is told to log at `TRACE`, or not at all, are not seen.
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
