//! Sends checkouts through the shop, and lists what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// The kinds of the traces, by trace id.
pub(crate) type Sent = BTreeMap<String, Kind>;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    Ordinary,
    Large,
    Declined,
}

/// A load, and the shop's export settings.
#[derive(Clone, Debug)]
pub(crate) struct Checkouts {
    pub(crate) count: u32,
    /// Checkouts per second.
    pub(crate) rate: u32,
    pub(crate) endpoint: String,
    /// Additional variables.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Checkouts {
    /// Returns when the shop has been stopped and has exported everything.
    ///
    /// Its output is in `checkout.log`.
    pub(crate) fn send(&self, data: &Path) -> Result<impl Future<Output = Result<Sent>> + use<>> {
        let log = data.join("checkout.log");
        let mut shop = Command::new(env::var_os("CHECKOUT").context("CHECKOUT")?);
        // Variables set for other programs must not affect what arrives here.
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

/// Reads lines such as `trace 5b8a… the large basket`.
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

/// The value of a variable.
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

    /// The services that take part. A declined order is not announced.
    pub(crate) fn services(self) -> BTreeSet<&'static str> {
        let mut services = BTreeSet::from(["gateway", "orders", "inventory", "payment"]);
        if self != Self::Declined {
            services.insert("notification");
        }
        services
    }
}

impl fmt::Display for Kind {
    /// The name in checkout's output.
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
