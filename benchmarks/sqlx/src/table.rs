//! The tables of `docs/performance.md`.

use anyhow::Result;

use crate::cost;
use crate::counting::{Cost, print_row};
use crate::setup::Setup;

/// The rows of one program.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The program that counts allocations.
    pub counting: &'a str,
    /// The first row, which the others are compared with.
    pub subjects: &'a [(&'a str, &'a str)],
}

impl Rows<'_> {
    /// Measures everything and prints it.
    ///
    /// # Errors
    ///
    /// If something cannot be measured, or does not record everything that it must.
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
                        // Its cost does not depend on the set-up.
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
