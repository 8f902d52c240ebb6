//! The rows of a waterfall: a bar that shows the time of the span, and all its details.

use std::ops::Range;

use maud::{Markup, html};

use crate::attributes::Attributes;
use crate::bundles::Bundle;
use crate::intervals::Intervals;
use crate::log::{Log, Severity};
use crate::span::{Event, Kind, Link, Span, Status};
use crate::text::duration_text;
use crate::trace::Trace;
use crate::traces::Traces;

/// What all rows of a page share.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) trace: &'a Trace,
    /// For links to traces that are still in memory.
    pub(super) traces: &'a Traces,
    /// The displayed time.
    pub(super) window: Range<u64>,
    /// A service has the same colour everywhere on the page.
    pub(super) services: Vec<&'a str>,
}

impl Rows<'_> {
    pub(super) fn row(&self, bundle: &Bundle<'_>) -> Markup {
        let count = 1 + bundle.others.len();
        let took = bundle.intervals().length();
        let depth = bundle.depth.min(DEEPEST);
        let first = bundle.first;
        html! {
            li {
                details class="row" {
                    summary {
                        span class={ "what d" (depth) } {
                            span class={ "dot " (self.color(first)) } aria-hidden="true" {}
                            span class="service" { (first.service) }
                            " "
                            span class="name" { (first.name) }
                            @if count > 1 { " " span class="count" { "×" (count) } }
                        }
                        (self.bar(first, &bundle.intervals()))
                        span class="took" {
                            (duration_text(took))
                            @if first.is_error() { " " span class="error" { "✗" span class="hidden" { " error" } } }
                        }
                    }
                    @if count == 1 {
                        (self.facts(first))
                    } @else {
                        ol class="repeats" {
                            @for span in bundle.spans().take(MOST_REPEATS) {
                                li { (self.repeat(span, depth + 1)) }
                            }
                        }
                        @if count > MOST_REPEATS { p { (count - MOST_REPEATS) " more" } }
                    }
                }
                (logs(bundle.spans().flat_map(|span| self.trace.logs(span)), depth))
            }
        }
    }

    fn repeat(&self, span: &Span, depth: usize) -> Markup {
        html! {
            details class="row" {
                summary {
                    span class={ "what d" (depth.min(DEEPEST)) } { (span.name) }
                    (self.bar(span, &Intervals::union([span.interval()])))
                    span class="took" { (duration_text(span.duration())) }
                }
                (self.facts(span))
            }
        }
    }

    fn bar(&self, span: &Span, covered: &Intervals) -> Markup {
        let length = self.window.end.saturating_sub(self.window.start).max(1);
        let place = |nano: u64| {
            let offset = u128::from(nano.saturating_sub(self.window.start));
            (offset * WIDTH / u128::from(length)).min(WIDTH)
        };
        let inside = covered.within(&(self.window.start..self.window.end.saturating_add(1)));
        let class = match span.is_error() {
            true => format!("{} failed", self.color(span)),
            false => self.color(span),
        };
        html! {
            svg class="bar" viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" aria-hidden="true" {
                @for part in inside.iter().take(MOST_PARTS) {
                    @let (start, end) = (place(part.start), place(part.end));
                    rect class=(class) x=(start.min(WIDTH - THINNEST)) y="1" height="8"
                        width=(end.saturating_sub(start).max(THINNEST)) {}
                }
            }
        }
    }

    fn facts(&self, span: &Span) -> Markup {
        let whole = self.trace.window().start;
        let offset = |nano: u64| nano.saturating_sub(whole);
        let text = |nano| duration_text(std::time::Duration::from_nanos(nano));
        let (from, to) = (offset(span.start_unix_nano), offset(span.end_unix_nano));
        html! {
            div class="facts" {
                p {
                    (kind(span.kind)) " span " code { (span.span_id) }
                    ", from " (text(from)) " to " (text(to)) ". "
                    a href={ "/trace/" (span.trace_id) "?from=" (from) "&to=" (to.max(from + 1)) } { "Zoom to it" }
                }
                @if span.clock_ahead_nano != 0 {
                    p {
                        "The clock of " (span.service) " is "
                        (duration_text(std::time::Duration::from_nanos(span.clock_ahead_nano.unsigned_abs())))
                        @if span.clock_ahead_nano > 0 { " early" } @else { " late" }
                        "; the span stands where it must have been."
                    }
                }
                @if span.status == Status::Error && !span.status_message.is_empty() {
                    p class="error" { (span.status_message) }
                }
                (attributes(&span.attributes))
                @for event in &span.events { (self.event(event, offset(event.unix_nano))) }
                @for link in &span.links { (self.link(link)) }
            }
        }
    }

    fn event(&self, event: &Event, offset: u64) -> Markup {
        html! {
            h3 { (event.name) " at " (duration_text(std::time::Duration::from_nanos(offset))) }
            (attributes(&event.attributes))
        }
    }

    fn link(&self, link: &Link) -> Markup {
        let is_here = self.traces.get(link.trace_id).is_some();
        html! {
            p {
                "Linked to span " code { (link.span_id) } " of trace "
                @if is_here {
                    a href={ "/trace/" (link.trace_id) } { code { (link.trace_id) } }
                } @else {
                    code { (link.trace_id) } ", which is not here"
                }
            }
        }
    }

    fn color(&self, span: &Span) -> String {
        let position = self
            .services
            .iter()
            .position(|name| **name == *span.service);
        format!("c{}", position.unwrap_or(0) % COLORS)
    }
}

fn attributes(attributes: &Attributes) -> Markup {
    html! {
        dl {
            @for (name, value) in attributes.iter() {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

fn logs<'a>(logs: impl Iterator<Item = &'a Log>, depth: usize) -> Markup {
    let mut logs = logs.take(MOST_LOGS).peekable();
    html! {
        @if logs.peek().is_some() {
            ul class={ "logs d" (depth) } aria-label="Log" {
                @for log in logs {
                    @match log.severity {
                        Severity::Info => li { (log.text) },
                        Severity::Warning => li class="warning" { "Warning: " (log.text) },
                        Severity::Error => li class="error" { "Error: " (log.text) },
                    }
                }
            }
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Internal => "Internal",
        Kind::Server => "Server",
        Kind::Client => "Client",
        Kind::Producer => "Producer",
        Kind::Consumer => "Consumer",
    }
}

const WIDTH: u128 = 10_000;
const THINNEST: u128 = 20;
/// The number of colours in the style sheet.
const COLORS: usize = 8;
const DEEPEST: usize = 16;
const MOST_PARTS: usize = 200;
const MOST_REPEATS: usize = 200;
const MOST_LOGS: usize = 200;
