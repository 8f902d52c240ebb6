//! How the cost of a request grows with what an application has more of.

use anyhow::Result;

use crate::column::Column;
use crate::measure::instructions_after;
use crate::setup::Setup;

/// Prints a table each for the number of routes and of labels.
pub fn print() -> Result<()> {
    let bare: Column = "axum/bare".parse()?;
    let ours: Column = "axum/otel-middleware-axum".parse()?;

    println!("| routes | bare | ours, over it |\n|---|---|---|");
    for routes in [1, 100, 10_000] {
        let variable = Some(("BENCHMARKS_ROUTES", routes));
        // All of them have been asked for when the counting begins.
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
    Ok(())
}
