//! The same request to the same handler in every framework.

pub mod actix;
pub mod axum;
pub mod reqwest;
pub mod tonic;

use std::str::FromStr;

use anyhow::{Context, bail};

use crate::column::Column;

/// All columns, in the order of the tables. The first of each framework is the bare one.
pub const COLUMNS: &[&[Column]] = &[
    axum::COLUMNS,
    actix::COLUMNS,
    reqwest::COLUMNS,
    tonic::COLUMNS,
];

impl FromStr for Column {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (framework, name) = text.split_once('/').context("FRAMEWORK/COLUMN")?;
        let mut columns = COLUMNS.iter().copied().flatten();
        match columns.find(|it| it.framework == framework && it.name == name) {
            Some(column) => Ok(*column),
            None => bail!("no such column: {text}"),
        }
    }
}
