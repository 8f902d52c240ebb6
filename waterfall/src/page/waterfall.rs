//! One trace as a waterfall.

use std::ops::Range;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use opentelemetry::trace::TraceId;
use serde::Deserialize;

use super::frame::{frame, not_found, time_of_day};
use super::rows::Rows;
use crate::analysis::Analysis;
use crate::bundles::bundles;
use crate::text::duration_text;
use crate::trace::Trace;
use crate::traces::Traces;
use crate::verdict;

/// The displayed part of the time, in nanoseconds since the start of the trace.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Zoom {
    from: Option<u64>,
    to: Option<u64>,
}

pub(super) async fn page(
    State(traces): State<Traces>,
    Path(id): Path<String>,
    zoom: Result<Query<Zoom>, QueryRejection>,
) -> Response {
    let id = TraceId::from_hex(&id).ok();
    let Some(trace) = id.and_then(|id| traces.get(id)) else {
        return not_found().await;
    };
    let (whole, zoomed) = (trace.window(), zoom.ok().map(|Query(zoom)| zoom));
    let window = window(&whole, zoomed);
    let title = trace.head().map_or("Trace", |head| &*head.name);
    let body = html! {
        (heading(&trace))
        (findings(&trace))
        (chart(&trace, &traces, &window, &whole))
    };
    frame(title, &body).into_response()
}

fn window(whole: &Range<u64>, zoom: Option<Zoom>) -> Range<u64> {
    let place = |offset: u64| whole.start.saturating_add(offset).min(whole.end);
    match zoom {
        Some(Zoom {
            from: Some(from),
            to: Some(to),
        }) if place(from) < place(to) => place(from)..place(to),
        _ => whole.clone(),
    }
}

fn heading(trace: &Trace) -> Markup {
    let Some(head) = trace.head() else {
        return html! {};
    };
    html! {
        h1 {
            (head.name)
            @if let Some(status) = head.http_status() { " → " (status) }
            " in " (duration_text(trace.duration()))
            @if trace.has_error() { " " span class="error" { "✗ error" } }
        }
        p class="counts" {
            "Trace " code { (head.trace_id) } " of " (time_of_day(head.start_unix_nano)) " UTC, "
            (trace.spans().len()) " spans in " (trace.services().join(", "))
        }
    }
}

fn findings(trace: &Trace) -> Markup {
    let sentence = verdict::sentence("this request", trace, &Analysis::new(trace));
    let found = verdict::findings(trace);
    html! {
        @if let Some(sentence) = sentence { p class="verdict" { (sentence) } }
        @if found.len() > 1 {
            ul class="findings" aria-label="Findings" {
                @for finding in found { li { (finding.text) } }
            }
        }
    }
}

fn chart(trace: &Trace, traces: &Traces, window: &Range<u64>, whole: &Range<u64>) -> Markup {
    let rows = Rows {
        trace,
        traces,
        window: window.clone(),
        services: trace.services(),
    };
    let all = bundles(trace);
    let is_zoomed = window != whole;
    // Spans outside of the zoomed time would be rows without bars.
    let inside = all.iter().filter(|bundle| {
        !is_zoomed || bundle.spans().any(|span| touches(window, &span.interval()))
    });
    let (from, to) = (window.start - whole.start, window.end - whole.start);
    let hidden = all.len().saturating_sub(MOST_ROWS);
    html! {
        section aria-label="Waterfall" {
            @if is_zoomed {
                p {
                    "Shown from " (offset_text(from)) " to " (offset_text(to)) ". "
                    a href="?" { "Show all of it" }
                }
            }
            div class="axis" data-from=(from) data-to=(to) { (axis(from, to)) }
            ol class="waterfall" { @for bundle in inside.take(MOST_ROWS) { (rows.row(bundle)) } }
            @if hidden > 0 && !is_zoomed {
                p { "Not all rows are shown: " (hidden) " more. Zoom in to see them." }
            }
        }
    }
}

fn touches(window: &Range<u64>, span: &Range<u64>) -> bool {
    span.start <= window.end && span.end >= window.start
}

fn axis(from: u64, to: u64) -> Markup {
    html! {
        svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" {
            @for tick in 0..=TICKS { line x1=(tick * 1_000 / TICKS) x2=(tick * 1_000 / TICKS) y1="14" y2="20" {} }
        }
        div class="ticks" {
            @for tick in 0..=TICKS {
                span { (offset_text(from + (to - from) / TICKS * tick)) }
            }
        }
    }
}

fn offset_text(nano: u64) -> String {
    duration_text(Duration::from_nanos(nano))
}

const TICKS: u64 = 5;
/// Browsers get slow with more rows.
const MOST_ROWS: usize = 2_000;
