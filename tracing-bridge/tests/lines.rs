//! Events as lines.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, Tracer, TracerProvider};
use otel_tracing_bridge::{Line, LineLayer, Lines, SpanLayer};
use support::{Exported, Written};
use tracing::{Level, debug, debug_span, error, info, info_span, warn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

/// The lines of `work`, without their timestamps.
fn lines(line: Line, work: impl FnOnce(&Exported)) -> Vec<String> {
    let (exported, written) = (Exported::new(), Written::default());
    let spans = SpanLayer::new(exported.traces.clone()).keep_fields(true);
    let subscriber = tracing_subscriber::registry()
        .with(spans)
        .with(LineLayer::new(line).with_writer(written.clone()));
    tracing::subscriber::with_default(subscriber, || work(&exported));
    written.text().lines().map(without_time).collect()
}

/// The same with the `fmt` layer, which formats the fields of spans itself.
fn lines_of_fmt(line: Line, work: impl FnOnce(&Exported)) -> Vec<String> {
    let (exported, written) = (Exported::new(), Written::default());
    let lines = fmt::layer().with_ansi(false).event_format(line);
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(exported.traces.clone()))
        .with(lines.with_writer(written.clone()));
    tracing::subscriber::with_default(subscriber, || work(&exported));
    written.text().lines().map(without_time).collect()
}

fn without_time(line: &str) -> String {
    match line.strip_prefix("{\"timestamp\":\"") {
        Some(json) => format!("{{{}", json[29..].to_owned()),
        None => line[28..].to_owned(),
    }
}

fn ids(context: &Context) -> SpanContext {
    context.span().span_context().clone()
}

#[test]
fn text_is_for_people() {
    let mut span = SpanContext::NONE;
    let lines = lines(Line::new(Lines::Text), |exported| {
        exported.traces.tracer("api").in_span("api", |_| {
            info_span!("user", id = 7, plan = "free trial", part = "a").in_scope(|| {
                info_span!("inner").in_scope(|| {
                    span = ids(&Context::current());
                    info!(found = true, name = "Ann", rate = 0.5, shown = %"a b", "looked up");
                });
            });
        });
        warn!("out\u{1b}[31mside of any");
    });
    let trace = format!("trace_id={} span_id={}", span.trace_id(), span.span_id());
    assert_eq!(
        lines,
        [
            &*format!(
                " INFO user{{id=7 plan=\"free trial\" part=a}}:inner: lines: looked up \
                 found=true name=\"Ann\" rate=0.5 shown=a b {trace}"
            ),
            " WARN lines: out\\u{1b}[31mside of any",
        ]
    );
}

#[test]
fn json_is_for_programs() {
    let mut span = SpanContext::NONE;
    let lines = lines(Line::new(Lines::Json), |exported| {
        exported.traces.tracer("api").in_span("api", |_| {
            info_span!("user", id = 7, name = "A \"B\"").in_scope(|| {
                info_span!("inner").in_scope(|| {
                    span = ids(&Context::current());
                    info!(
                        found = true,
                        rate = f64::NAN,
                        level = -1,
                        large = u64::MAX,
                        shown = %"a\nb",
                        "looked\tup"
                    );
                });
            });
        });
        debug_span!(target: "otel_middleware_sqlx::query", "marker")
            .in_scope(|| debug!(target: "shop", "bare"));
    });
    let trace = format!(
        "\"trace_id\":\"{}\",\"span_id\":\"{}\"",
        span.trace_id(),
        span.span_id()
    );
    let fields =
        r#"{"found":true,"rate":"NaN","level":-1,"large":18446744073709551615,"shown":"a\nb"}"#;
    let spans = r#"[{"name":"user","fields":{"id":7,"name":"A \"B\""}},{"name":"inner"}]"#;
    assert_eq!(
        lines,
        [
            format!(
                r#"{{"level":"INFO","target":"lines","message":"looked\tup","fields":{fields},"spans":{spans},{trace}}}"#
            ),
            r#"{"level":"DEBUG","target":"shop","message":"bare"}"#.to_owned(),
        ]
    );
}

#[test]
fn the_fmt_layer_can_write_them() {
    let work = |_: &Exported| {
        info_span!("user", id = 7).in_scope(|| info_span!("inner").in_scope(|| info!("up")));
    };
    let line = lines_of_fmt(Line::new(Lines::Text), work).remove(0);
    assert!(
        line.starts_with(" INFO user{id=7}:inner: lines: up trace_id="),
        "{line}"
    );
    let line = lines_of_fmt(Line::new(Lines::Json), work).remove(0);
    let spans = r#""spans":[{"name":"user","fields":"id=7"},{"name":"inner"}],"trace_id":""#;
    assert!(line.contains(spans), "{line}");
}

#[test]
fn fields_of_spans_can_be_left_out() {
    let work = |_: &Exported| info_span!("user", id = 7).in_scope(|| info!("up"));
    for lines in [lines, lines_of_fmt] as [fn(Line, _) -> _; 2] {
        let line = lines(Line::new(Lines::Text).span_fields(false), work).remove(0);
        assert!(
            line.starts_with(" INFO user: lines: up trace_id="),
            "{line}"
        );
    }
}

#[test]
fn the_context_can_say_more() {
    struct Route(&'static str);
    let route = |context: &Context| context.get::<Route>().map(|route| route.0.into());
    for (format, expected) in [
        (Lines::Text, " INFO lines: up http.route=/users/{id}"),
        (
            Lines::Json,
            r#"{"level":"INFO","target":"lines","message":"up","http.route":"/users/{id}"}"#,
        ),
    ] {
        let line = Line::new(format).context_field("http.route", route);
        let lines = lines(line, |_| {
            let _attached = Context::new().with_value(Route("/users/{id}")).attach();
            info!("up");
        });
        assert_eq!(lines, [expected]);
    }
}

#[test]
fn an_export_is_not_worth_a_line_but_what_is_said_about_it() {
    let lines = lines(Line::new(Lines::Text), |_| {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        error!("during an export");
        error!(target: "otel_autoconfigure", "about an export");
        error!(target: "opentelemetry_sdk", reason = "full", "dropped");
    });
    assert_eq!(
        lines,
        [
            "ERROR otel_autoconfigure: about an export",
            "ERROR opentelemetry_sdk: dropped reason=\"full\"",
        ]
    );
}

#[test]
fn no_lines_are_no_lines() {
    let lines = lines(Line::new(Lines::Off), |_| info!("up"));
    assert_eq!(lines, [""; 0]);
}

#[test]
fn colours_end_where_they_begin() {
    let lines = lines(Line::new(Lines::Text).ansi(true), |_| {
        info_span!("user").in_scope(|| tracing::event!(Level::ERROR, "up"));
    });
    let line = &lines[0];
    let (codes, ends) = (
        line.matches("\u{1b}[").count(),
        line.matches("\u{1b}[0m").count(),
    );
    // The first one was removed with the timestamp.
    assert_eq!((codes - ends + 1, ends), (ends, 5), "{line:?}");
}
