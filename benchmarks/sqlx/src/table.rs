//! The tables of `docs/performance.md`.

use anyhow::Result;

use crate::cost;
use crate::counting::{Cost, print_row};
use crate::setup::Setup;

/// The rows of one program: how each is called, and what is measured.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The program that counts allocations.
    pub counting: &'a str,
    /// The first one is what the others are added to.
    pub subjects: &'a [(&'a str, &'a str)],
}

impl Rows<'_> {
    /// Measures everything and prints it.
    ///
    /// # Errors
    ///
    /// Something cannot be measured, or does not record what it has to.
    pub fn print(&self) -> Result<()> {
        for way in ["pool", "connection"] {
            println!("\n| {way} | a | b | c | d |\n|---|---|---|---|---|");
            let mut bare = None;
            for (name, subject) in self.subjects {
                let costs = Setup::ALL.into_iter().map(|setup| {
                    let setup = setup.to_string();
                    cost::of([subject, way, &setup], self.counting)
                });
                let costs = costs.collect::<Result<Vec<_>>>()?;
                match bare {
                    Some(bare) => {
                        let over = costs.into_iter().map(|cost| cost.over(bare));
                        print_row(name, &over.collect::<Vec<_>>());
                    }
                    None => {
                        // No set-up makes a difference to it.
                        let least = least(&costs);
                        print_row(name, &[least; 4]);
                        bare = Some(least);
                    }
                }
            }
        }
        Ok(())
    }
}

fn least(costs: &[Cost]) -> Cost {
    let least = |number: fn(&Cost) -> i64| costs.iter().map(number).min().unwrap_or_default();
    Cost {
        instructions: least(|cost| cost.instructions),
        allocations: least(|cost| cost.allocations),
    }
}
