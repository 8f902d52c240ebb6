//! Checks that the middlewares do not cost more than before: compares their instructions over the
//! bare framework with recorded numbers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::column::{Column, Kind};
use crate::frameworks::COLUMNS;
use crate::measure::instructions;
use crate::setup::Setup;

/// Measures, and fails if a middleware costs two per cent more than recorded. If it costs less, the
/// number can be recorded at the next opportunity.
pub fn check() -> Result<()> {
    let text = fs::read_to_string(FILE).with_context(|| format!("{FILE} cannot be read"))?;
    let known = parsed(&text)?;
    let mut dearer = String::new();
    for (name, now) in measured()? {
        let before = known.get(&name).copied();
        let before = before.with_context(|| format!("{name} is not in {FILE}"))?;
        println!("{name}: {now}, before {before}");
        if (now - before) * 100 > before * PER_CENT {
            writeln!(dearer, "\n{name}: {now} instead of {before}")?;
        }
    }
    ensure!(
        dearer.is_empty(),
        "more than {PER_CENT} % dearer:{dearer}If that is meant, `cargo run --release -- guard --write`"
    );
    Ok(())
}

/// Records the measured numbers.
pub fn write() -> Result<()> {
    let mut text = String::new();
    for (name, now) in measured()? {
        writeln!(text, "{name} {now}")?;
    }
    fs::write(FILE, text).with_context(|| format!("{FILE} cannot be written"))
}

/// Instructions by framework and setup.
fn measured() -> Result<BTreeMap<String, i64>> {
    let mut measured = BTreeMap::new();
    for columns in COLUMNS {
        let bare = columns.first().context("the bare framework comes first")?;
        for ours in columns.iter().filter(|column| column.kind == Kind::Ours) {
            for setup in Setup::ALL {
                let name = format!("{} {setup}", ours.framework);
                measured.insert(name, over(*ours, *bare, setup)?);
            }
        }
    }
    Ok(measured)
}

fn over(ours: Column, bare: Column, setup: Setup) -> Result<i64> {
    Ok(instructions(ours, setup)? - instructions(bare, setup)?)
}

/// Reads lines such as `axum c 13683`.
fn parsed(text: &str) -> Result<BTreeMap<String, i64>> {
    let lines = text.lines().map(|line| {
        let (name, count) = line.rsplit_once(' ').context("a name and a number")?;
        Ok((name.to_owned(), count.parse()?))
    });
    lines.collect()
}

/// The counts vary by less than one per cent by themselves: hash maps have random seeds.
const PER_CENT: i64 = 2;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");
