//! The tables of `docs/performance.md`.

use std::fmt::Write;

use anyhow::Result;

use crate::column::{Column, Kind};
use crate::frameworks::COLUMNS;
use crate::measure::{self, Cost};
use crate::setup::Setup;

/// Measures the framework's columns and prints two tables, both over the bare framework: one of
/// instructions and allocations, one of nanoseconds.
pub fn print(only: Option<&str>) -> Result<()> {
    for columns in COLUMNS {
        let Some(bare) = columns.first() else {
            continue;
        };
        if only.is_none_or(|framework| framework == bare.framework) {
            let costs = measure(columns)?;
            println!("{}", table(columns, &costs));
        }
    }
    Ok(())
}

type Costs = Vec<[Option<Cost>; 4]>;

fn measure(columns: &[Column]) -> Result<Costs> {
    let mut costs: Costs = vec![[None; 4]; columns.len()];
    for (index, setup) in Setup::ALL.into_iter().enumerate() {
        let measured: Vec<_> = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.takes_part_in(setup))
            .map(|(row, column)| (row, *column))
            .collect();
        let all: Vec<_> = measured.iter().map(|(_, column)| *column).collect();
        let nanoseconds = measure::nanoseconds(&all, setup)?;
        for ((row, column), nanoseconds) in measured.into_iter().zip(nanoseconds) {
            eprintln!("{column} {setup}");
            if !column.records_nothing() {
                measure::verify(column, setup)?;
            }
            let (allocations, bytes) = measure::allocations(column, setup)?;
            let cost = Cost {
                instructions: measure::instructions(column, setup)?,
                allocations,
                bytes,
                nanoseconds,
            };
            if let Some(cell) = costs.get_mut(row).and_then(|row| row.get_mut(index)) {
                *cell = Some(cost);
            }
        }
    }
    Ok(costs)
}

fn table(columns: &[Column], costs: &Costs) -> String {
    let mut table = String::new();
    let framework = columns.first().map_or("", |column| column.framework);
    let _ = writeln!(table, "### {framework}\n");
    let _ = writeln!(table, "| | a | b | c | d |\n|---|---|---|---|---|");
    let bare = costs.first().copied().unwrap_or_default();
    for (column, row) in columns.iter().zip(costs) {
        let cells = row.iter().zip(bare).map(|(cost, bare)| match (cost, bare) {
            (Some(cost), Some(bare)) => cell(column, *cost, bare),
            _ => "–".to_owned(),
        });
        let name = match column.kind {
            Kind::Ours => format!("**{}**", column.name),
            _ => column.name.to_owned(),
        };
        let _ = writeln!(
            table,
            "| {name} | {} |",
            cells.collect::<Vec<_>>().join(" | ")
        );
    }
    let ratios = (0..4).map(|setup| ratio(columns, costs, setup));
    let ratios: Vec<_> = ratios.collect();
    let _ = writeln!(table, "| ours, of the best peer | {} |", ratios.join(" | "));
    table
}

/// The bare framework's own cost; for all others, the cost that they add to it.
fn cell(column: &Column, cost: Cost, bare: Cost) -> String {
    let over = match column.name {
        "bare" => Cost::default(),
        _ => bare,
    };
    format!(
        "{} Ir · {} al · {} B · {} ns",
        cost.instructions - over.instructions,
        cost.allocations - over.allocations,
        cost.bytes - over.bytes,
        cost.nanoseconds - over.nanoseconds
    )
}

fn ratio(columns: &[Column], costs: &Costs, setup: usize) -> String {
    let bare = costs
        .first()
        .and_then(|row| row.get(setup).copied().flatten());
    let over = |of: fn(&Cost) -> i64, ours: bool| {
        columns
            .iter()
            .zip(costs)
            .filter(|(column, _)| match column.kind {
                Kind::Nothing | Kind::Floor | Kind::OursWithPropagator => false,
                Kind::Ours => ours,
                Kind::Api | Kind::Tracing { .. } | Kind::TracingBefore | Kind::Oxtel => !ours,
            })
            .filter_map(|(_, row)| Some(of(row.get(setup)?.as_ref()?) - of(bare.as_ref()?)))
            .min()
    };
    let share = |of: fn(&Cost) -> i64| match (over(of, true), over(of, false)) {
        (Some(ours), Some(best)) if best > 0 => format!("{} %", ours * 100 / best),
        _ => "–".to_owned(),
    };
    format!(
        "{} Ir · {} al · {} ns",
        share(|cost| cost.instructions),
        share(|cost| cost.allocations),
        share(|cost| cost.nanoseconds)
    )
}
