//! The table of `docs/performance.md`.

use anyhow::Result;

use crate::cost::{self, Cost};
use crate::setup::Setup;
use crate::subject::Subject;

/// Measures everything and prints it.
///
/// # Errors
///
/// Something cannot be measured, or does not record what it has to.
pub fn print() -> Result<()> {
    println!("| | a | b | c | d |\n|---|---|---|---|---|");
    let bare = cost::of(Subject::Bare, Setup::A)?;
    row("a send with bare rdkafka", &[bare; 4]);
    let subjects = [
        ("**otel-middleware-kafka**, a send", Subject::Send, bare),
        (
            "**otel-middleware-kafka**, the work on a message",
            Subject::Process,
            Cost::default(),
        ),
    ];
    for (name, subject, bare) in subjects {
        let costs = Setup::ALL.into_iter().map(|setup| {
            cost::verify(subject, setup)?;
            let cost = cost::of(subject, setup)?;
            Ok(Cost {
                instructions: cost.instructions - bare.instructions,
                allocations: cost.allocations - bare.allocations,
            })
        });
        row(name, &costs.collect::<Result<Vec<_>>>()?);
    }
    Ok(())
}

fn row(name: &str, costs: &[Cost]) {
    let cells = costs.iter().map(|cost| {
        let Cost {
            instructions,
            allocations,
        } = cost;
        format!("{instructions} Ir · {allocations} al")
    });
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
