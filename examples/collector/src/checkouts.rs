//! Checkouts that are sent through the shop, and what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// The traces by their ids.
pub(crate) type Sent = BTreeMap<String, Kind>;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    Ordinary,
    Large,
    Declined,
}

/// A load, and where the shop exports to.
#[derive(Clone, Debug)]
pub(crate) struct Checkouts {
    pub(crate) count: u32,
    /// How many of them a second.
    pub(crate) rate: u32,
    pub(crate) endpoint: String,
    /// Further variables.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Checkouts {
    /// Returns when the shop has been stopped and has exported everything.
    ///
    /// What it says on the way is in `checkout.log`.
    pub(crate) fn send(&self, data: &Path) -> Result<impl Future<Output = Result<Sent>> + use<>> {
        let log = data.join("checkout.log");
        let mut shop = Command::new(env::var_os("CHECKOUT").context("CHECKOUT")?);
        // Nothing that is set for other programs decides what arrives here.
        let names = env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_string_lossy().starts_with("OTEL_")) {
            shop.env_remove(name);
        }
        let Self {
            count,
            rate,
            endpoint,
            variables,
        } = self;
        shop.args(["--load", &count.to_string(), "--rate", &rate.to_string()])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .kill_on_drop(true);
        let shop = shop.spawn()?;
        let count = *count;
        Ok(async move {
            let output = shop.wait_with_output().await?;
            let sent = read(&String::from_utf8(output.stdout)?)?;
            let is_right = output.status.success() && sent.len() == count as usize;
            ensure!(
                is_right,
                "checkout has {} of {count} traces ({}), see {}",
                sent.len(),
                output.status,
                log.display()
            );
            Ok(sent)
        })
    }
}

/// `trace 5b8a… the large basket`, a line each.
fn read(printed: &str) -> Result<Sent> {
    let traces = printed
        .lines()
        .filter_map(|line| line.strip_prefix("trace "));
    let read = traces.map(|line| {
        let (id, subject) = line.split_once("  ").context("a trace without a subject")?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.to_string() == subject);
        Ok((
            id.to_owned(),
            kind.with_context(|| format!("unknown: {subject}"))?,
        ))
    });
    read.collect()
}

/// What a variable says.
pub(crate) fn number(variable: &str, default: u32) -> Result<u32> {
    match env::var(variable) {
        Ok(value) => value
            .parse()
            .with_context(|| format!("{variable}={value:?}")),
        Err(_) => Ok(default),
    }
}

impl Kind {
    const ALL: [Self; 3] = [Self::Ordinary, Self::Large, Self::Declined];

    /// Those that take part. Nobody is told of an order that was declined.
    pub(crate) fn services(self) -> BTreeSet<&'static str> {
        let mut services = BTreeSet::from(["gateway", "orders", "inventory", "payment"]);
        if self != Self::Declined {
            services.insert("notification");
        }
        services
    }
}

impl fmt::Display for Kind {
    /// As checkout calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ordinary => "the ordinary checkout",
            Self::Large => "the large basket",
            Self::Declined => "the checkout with a declined card",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_traces_are_read_with_their_kinds() {
        let printed = "trace 01  the large basket\n\ntrace 02  the checkout with a declined card\n";
        let sent = Sent::from([
            ("01".to_owned(), Kind::Large),
            ("02".to_owned(), Kind::Declined),
        ]);
        assert_eq!(read(printed).unwrap(), sent);
        assert!(read("trace 03  something else\n").is_err());
    }
}
