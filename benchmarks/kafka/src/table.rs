//! The table of `docs/performance.md`.

use anyhow::Result;

use crate::cost;
use crate::counting::{Cost, print_row};
use crate::setup::Setup;
use crate::subject::Subject;

/// Measures everything and prints it.
///
/// # Errors
///
/// If something cannot be measured, or does not record everything that it must.
pub fn print() -> Result<()> {
    println!("| | a | b | c | d |\n|---|---|---|---|---|");
    let bare = cost::of(Subject::Bare, Setup::A)?;
    print_row("a send with bare rdkafka", &[bare; 4]);
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
            Ok(cost::of(subject, setup)?.over(bare))
        });
        print_row(name, &costs.collect::<Result<Vec<_>>>()?);
    }
    Ok(())
}
