//! How the cost of a request grows with the size of an application.

use anyhow::Result;

use crate::column::{Column, FLOOR};
use crate::measure::instructions_after;
use crate::setup::Setup;

/// Prints one table each for the number of routes, the number of labels, and the caller's
/// tracestate.
pub fn print() -> Result<()> {
    let bare: Column = "axum/bare".parse()?;
    let ours: Column = "axum/otel-middleware-axum".parse()?;

    println!("| routes | bare | ours, over it |\n|---|---|---|");
    for routes in [1, 100, 10_000] {
        let variable = Some(("BENCHMARKS_ROUTES", routes));
        // Each route has been requested before the counting begins.
        let first = u32::try_from(routes)?.max(100);
        let bare = instructions_after(first, bare, Setup::D, variable)?;
        let ours = instructions_after(first, ours, Setup::D, variable)?;
        println!("| {routes} | {bare} Ir | {} Ir |", ours - bare);
    }

    println!("\n| labels added by a hook | ours, over bare |\n|---|---|");
    for labels in [0, 1, 4, 16] {
        let bare = instructions_after(100, bare, Setup::D, None)?;
        let variable = Some(("BENCHMARKS_LABELS", labels));
        let ours = instructions_after(100, ours, Setup::D, variable)?;
        println!("| {labels} | {} Ir |", ours - bare);
    }

    println!("\n| c | by hand, over bare | ours, over bare |\n|---|---|---|");
    let floor: Column = format!("axum/{FLOOR}").parse()?;
    for (state, variable) in [
        ("with tracestate", None),
        ("without", Some(("BENCHMARKS_NO_TRACESTATE", 1))),
    ] {
        let cost = |column| instructions_after(100, column, Setup::C, variable);
        let (bare, floor, ours) = (cost(bare)?, cost(floor)?, cost(ours)?);
        println!("| {state} | {} Ir | {} Ir |", floor - bare, ours - bare);
    }
    Ok(())
}
