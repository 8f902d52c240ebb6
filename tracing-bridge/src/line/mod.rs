//! Writes events as lines that name their trace.

mod escaped;
mod json;
mod layer;
mod place;
mod text;
mod timestamp;

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::io::{self, IsTerminal};
use std::sync::Arc;

use opentelemetry::Context;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

pub use self::layer::LineLayer;
use self::place::{Extra, Place};

/// The format of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lines {
    /// [`Text`](Self::Text) if standard error is a terminal, otherwise [`Json`](Self::Json).
    #[default]
    Auto,
    /// For people: a line with time, level, spans, target, message and fields.
    Text,
    /// For machines: a JSON object in each line.
    Json,
    /// Writes no lines.
    Off,
}

/// The format of a line, with `trace_id` and `span_id` of the current span at the end.
///
/// As text:
///
/// ```text
/// 2026-11-22T10:54:44.031377Z  INFO user{id=7}: users: looked up plan="free" trace_id=a9eb… span_id=9b1f…
/// ```
///
/// As JSON (here on several lines):
///
/// ```json
/// {
///   "timestamp": "2026-11-22T10:54:44.031377Z", "level": "INFO", "target": "users",
///   "message": "looked up", "fields": {"plan": "free"}, "spans": [{"name": "user", "fields": {"id": 7}}],
///   "trace_id": "a9eb0bd40e808b1e5a990cb11ddc5ccd", "span_id": "9b1ff72894876e8f"
/// }
/// ```
///
/// [`LineLayer`] writes such lines. With your own subscriber, use it as the event format of the
/// `fmt` layer:
///
/// ```
/// use otel_tracing_bridge::{Line, Lines};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let lines = tracing_subscriber::fmt::layer().event_format(Line::new(Lines::Json));
/// let subscriber = tracing_subscriber::registry().with(lines);
/// # drop(subscriber);
/// ```
#[derive(Clone)]
pub struct Line {
    lines: Lines,
    ansi: bool,
    span_fields: bool,
    extras: Vec<(&'static str, Extra)>,
}

impl Line {
    /// Creates lines of this kind.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        let lines = match lines {
            Lines::Auto if io::stderr().is_terminal() => Lines::Text,
            Lines::Auto => Lines::Json,
            lines => lines,
        };
        Self {
            lines,
            ansi: false,
            span_fields: true,
            extras: Vec::new(),
        }
    }

    /// Sets whether a [`LineLayer`] writes text in colour. Off by default; the `fmt` layer has its
    /// own option.
    #[must_use]
    pub fn ansi(mut self, is_on: bool) -> Self {
        self.ansi = is_on;
        self
    }

    /// Sets whether the fields of spans are written beside their names. On by default.
    ///
    /// A [`LineLayer`] needs a [`SpanLayer`](crate::SpanLayer) that
    /// [keeps](crate::SpanLayer::keep_fields) them.
    #[must_use]
    pub fn span_fields(mut self, is_on: bool) -> Self {
        self.span_fields = is_on;
        self
    }

    /// Whether the fields of spans are written.
    #[must_use]
    pub fn has_span_fields(&self) -> bool {
        self.span_fields
    }

    /// Adds a value from the current [`Context`] to each line, such as the route of the request.
    /// The line has `name` with the value that `find` returns; `None` adds nothing. By default
    /// nothing is added.
    #[must_use]
    pub fn context_field(
        mut self,
        name: &'static str,
        find: impl Fn(&Context) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.extras.push((name, Arc::new(find)));
        self
    }

    /// Whether nothing is written at all.
    fn is_off(&self) -> bool {
        self.lines == Lines::Off
    }

    fn write<S: for<'a> LookupSpan<'a>>(
        &self,
        out: &mut dyn Write,
        ansi: bool,
        event: &Event<'_>,
        place: &Place<'_, S>,
    ) -> fmt::Result {
        match self.lines {
            Lines::Off => Ok(()),
            Lines::Text => text::write(out, ansi, self.span_fields, event, place),
            Lines::Json | Lines::Auto => json::write(out, self.span_fields, event, place),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let formatted: place::Formatted<S> = |span, take| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            fields.map_or(Ok(()), |fields| take(&fields.fields))
        };
        let place = Place {
            span: cx.parent_span(),
            formatted: Some(formatted),
            extras: &self.extras,
        };
        let ansi = writer.has_ansi_escapes();
        self.write(&mut writer, ansi, event, &place)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extras: Vec<_> = self.extras.iter().map(|(name, _)| name).collect();
        f.debug_struct("Line")
            .field("lines", &self.lines)
            .field("ansi", &self.ansi)
            .field("span_fields", &self.span_fields)
            .field("context_fields", &extras)
            .finish()
    }
}
