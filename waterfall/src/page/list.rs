//! The list of traces, newest first.

use std::sync::Arc;

use axum::extract::{self, State};
use axum::response::Html;
use maud::{Markup, html};

use super::frame::{frame, time_of_day};
use super::query::Query;
use crate::text::duration_text;
use crate::trace::Trace;
use crate::traces::{Counts, Traces};

pub(super) async fn page(
    State(traces): State<Traces>,
    extract::Query(query): extract::Query<Query>,
) -> Html<String> {
    let (shown, has_more) = shown(&traces, &query);
    let body = html! {
        h1 { "Traces" }
        (form(&query))
        div id="live" data-rows=(query.with_page(query.page()).replacen('/', "/rows", 1)) {
            (table(&shown, traces.counts()))
        }
        nav class="pages" aria-label="Older and newer" {
            @if query.page() > 0 {
                a href=(query.with_page(query.page() - 1)) { "Newer" }
            }
            @if has_more {
                a href=(query.with_page(query.page() + 1)) { "Older" }
            }
        }
    };
    frame("Traces", &body)
}

/// The changing parts of the page, for the script.
pub(super) async fn rows(
    State(traces): State<Traces>,
    extract::Query(query): extract::Query<Query>,
) -> Html<String> {
    let (shown, _) = shown(&traces, &query);
    Html(table(&shown, traces.counts()).into_string())
}

fn shown(traces: &Traces, query: &Query) -> (Vec<Arc<Trace>>, bool) {
    let skip = query.page().saturating_mul(PER_PAGE);
    let mut shown = traces.newest(&query.filter(), skip, PER_PAGE + 1);
    let has_more = shown.len() > PER_PAGE;
    shown.truncate(PER_PAGE);
    (shown, has_more)
}

fn form(query: &Query) -> Markup {
    html! {
        form class="filter" method="get" action="/" role="search" {
            label { "Service " input name="service" value=(query.service); }
            label { "Route " input name="route" value=(query.route) placeholder="/orders/*"; }
            label {
                "Slower than "
                input name="slow" value=(query.slow) inputmode="numeric" size="6";
                " ms"
            }
            label { input type="checkbox" name="errors" value="1" checked[query.has_errors()]; " Errors" }
            button { "Show" }
        }
    }
}

fn table(shown: &[Arc<Trace>], counts: Counts) -> Markup {
    let Counts {
        traces,
        spans,
        forgotten,
        dropped,
    } = counts;
    html! {
        p class="counts" role="status" {
            (traces) " traces with " (spans) " spans"
            @if forgotten > 0 { ", " (forgotten) " of them made room for newer ones" }
            @if dropped > 0 { ", " (dropped) " spans of too long traces dropped" }
        }
        @if shown.is_empty() {
            p {
                "Nothing here. Whatever exports OTLP to this machine's default ports is shown: "
                code { "localhost:4317" } " for gRPC, " code { "localhost:4318" } " for HTTP."
            }
        } @else {
            table class="traces" {
                thead {
                    tr {
                        th scope="col" { "Time (UTC)" }
                        th scope="col" { "Request" }
                        th scope="col" class="number" { "Duration" }
                        th scope="col" { "Status" }
                        th scope="col" { "Services" }
                        th scope="col" class="number" { "Spans" }
                    }
                }
                tbody { @for trace in shown { (row(trace)) } }
            }
        }
    }
}

fn row(trace: &Trace) -> Markup {
    let (Some(id), Some(head)) = (trace.id(), trace.head()) else {
        return html! {};
    };
    let status = head.http_status().map(|status| status.to_string());
    html! {
        tr {
            td { (time_of_day(head.start_unix_nano)) }
            td { a href={ "/trace/" (id) } { (head.name) } }
            td class="number" { (duration_text(trace.duration())) }
            td {
                (status.unwrap_or_default())
                @if trace.has_error() { " " span class="error" { "✗ error" } }
            }
            td { (trace.services().join(", ")) }
            td class="number" { (trace.spans().len()) }
        }
    }
}

const PER_PAGE: usize = 100;
