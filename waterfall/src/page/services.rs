//! The services as a graph, and as a table for users who cannot see the graph.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};

use super::frame::frame;
use super::graph::{Figures, Graph, Node};
use crate::filter::Filter;
use crate::text::{duration_text, shorten};
use crate::traces::Traces;

pub(super) async fn page(State(traces): State<Traces>) -> Html<String> {
    let seen = traces.newest(&Filter::default(), 0, usize::MAX);
    let graph = Graph::of(seen.iter().map(|trace| &**trace));
    let body = html! {
        h1 { "Services" }
        @if graph.nodes.is_empty() {
            p { "No service has sent anything yet." }
        } @else {
            p class="counts" { "Traces looked at: " (seen.len()) }
            (drawing(&graph))
            (table(&graph))
        }
    };
    frame("Services", &body)
}

fn drawing(graph: &Graph) -> Markup {
    let places = places(graph);
    let right = places.values().map(|(x, _)| x + BOX_WIDTH).max();
    let bottom = places.values().map(|(_, y)| y + BOX_HEIGHT).max();
    let (width, height) = (right.unwrap_or(0) + EDGE, bottom.unwrap_or(0) + EDGE);
    html! {
        svg class="graph" width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img"
            aria-label="Who calls whom; the table below says the same" {
            @for ((caller, callee), figures) in &graph.edges {
                @if let (Some(from), Some(to)) = (places.get(caller.as_str()), places.get(callee.as_str())) {
                    (arrow(*from, *to, figures, graph))
                }
            }
            @for (name, node) in &graph.nodes {
                @if let Some(place) = places.get(name.as_str()) { (box_of(name, node, *place)) }
            }
        }
    }
}

fn box_of(name: &str, node: &Node, (x, y): (usize, usize)) -> Markup {
    html! {
        rect class={ @if node.is_service { "service" } @else { "other" } }
            x=(x) y=(y) width=(BOX_WIDTH) height=(BOX_HEIGHT) rx="6" {}
        text x=(x + 10) y=(y + 22) { (shorten(name, 20)) }
        @if node.figures.count() > 0 {
            text class="small" x=(x + 10) y=(y + 40) { "p95 " (duration_text(node.figures.p95())) }
        }
    }
}

fn arrow(from: (usize, usize), to: (usize, usize), figures: &Figures, graph: &Graph) -> Markup {
    let (x1, y1) = (from.0 + BOX_WIDTH, from.1 + BOX_HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + BOX_HEIGHT / 2);
    let middle_x = (x1 + x2) / 2;
    let class = match figures.error_share() > 0.0 {
        true => "failed",
        false => "",
    };
    html! {
        path class=(class) d={ "M" (x1) "," (y1) " C" (middle_x) "," (y1) " " (middle_x) "," (y2) " " (x2) "," (y2) } {}
        circle class=(class) cx=(x2) cy=(y2) r="4" {}
        text class="small" x=(x2.saturating_sub(12)) y=(y2.saturating_sub(8)) text-anchor="end" {
            (rate_text(graph.rate(figures)))
            @if figures.error_share() > 0.0 { " · " (percent(figures)) " errors" }
        }
    }
}

fn places(graph: &Graph) -> BTreeMap<&str, (usize, usize)> {
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for (name, node) in &graph.nodes {
        let row = taken.entry(node.level).or_default();
        let place = (EDGE + node.level * COLUMN, EDGE + *row * ROW);
        *row += 1;
        places.insert(name.as_str(), place);
    }
    places
}

fn table(graph: &Graph) -> Markup {
    html! {
        table {
            caption { "Calls" }
            thead {
                tr {
                    th scope="col" { "Caller" }
                    th scope="col" { "Called" }
                    th scope="col" class="number" { "Calls" }
                    th scope="col" class="number" { "Rate" }
                    th scope="col" class="number" { "Errors" }
                    th scope="col" class="number" { "p95" }
                }
            }
            tbody {
                @for ((caller, callee), figures) in &graph.edges {
                    tr {
                        td { (caller) }
                        td { (callee) }
                        td class="number" { (figures.count()) }
                        td class="number" { (rate_text(graph.rate(figures))) }
                        td class="number" { (percent(figures)) }
                        td class="number" { (duration_text(figures.p95())) }
                    }
                }
            }
        }
    }
}

fn rate_text(rate: f64) -> String {
    format!("{rate:.1}/s")
}

fn percent(figures: &Figures) -> String {
    format!("{:.0} %", figures.error_share() * 100.0)
}

const EDGE: usize = 20;
const BOX_WIDTH: usize = 170;
const BOX_HEIGHT: usize = 52;
const COLUMN: usize = 300;
const ROW: usize = 84;
