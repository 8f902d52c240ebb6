//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use otel_waterfall::Filter;

/// See your own traces.
///
/// Receives OTLP on the ports to which every OpenTelemetry SDK sends by default, draws each trace
/// when it is complete, and says where the time went. Nothing leaves this machine.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// Address for OTLP over gRPC
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4317")]
    pub(crate) grpc: SocketAddr,
    /// Address for OTLP over HTTP, as protobuf or JSON
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4318")]
    pub(crate) http: SocketAddr,
    /// Address of the page with all traces [default: 127.0.0.1:4319, with --open none]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) page: Option<SocketAddr>,
    /// Show only traces that took at least this long, for example 200ms or 1.5s
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    slow: Option<Duration>,
    /// Show only traces with an error
    #[arg(long)]
    errors: bool,
    /// Show only traces that came through this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Show only traces with this route or name of a request; * stands for anything
    #[arg(long, value_name = "PATTERN")]
    route: Option<String>,
    /// Show only traces with a span that has this attribute; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = attribute)]
    attribute: Vec<(String, String)>,
    /// Print one JSON object a line for each span, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// End after this many traces
    #[arg(long, value_name = "N")]
    pub(crate) once: Option<u64>,
    /// Append what is received to this file, as lines of OTLP/JSON
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    pub(crate) save: Option<PathBuf>,
    /// Show the traces of such a file instead; stays up only if --page is given
    #[arg(long, value_name = "FILE")]
    pub(crate) open: Option<PathBuf>,
    /// Memory to use at most, in MiB; old traces make room for new ones
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(32..))]
    memory: u32,
}

impl Options {
    pub(crate) fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        filter.slow = self.slow;
        filter.errors = self.errors;
        filter.service.clone_from(&self.service);
        filter.route.clone_from(&self.route);
        filter.attributes.clone_from(&self.attribute);
        filter
    }

    /// The memory for complete traces. The rest is for incomplete traces, for requests that are
    /// being received, and for memory that the allocator does not give back.
    pub(crate) fn room_for_traces(&self) -> usize {
        self.bytes() / 100 * 75
    }

    pub(crate) fn room_for_arrivals(&self) -> usize {
        self.bytes() / 100 * 8
    }

    fn bytes(&self) -> usize {
        usize::try_from(u64::from(self.memory) << 20).unwrap_or(usize::MAX)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(|letter: char| letter.is_alphabetic());
    let factor = match text.get(number.len()..).unwrap_or_default() {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err("not a number with us, ms, s or m behind it".to_owned()),
    };
    let number: f64 = number.trim().parse().map_err(|_| "not a number")?;
    Duration::try_from_secs_f64(number * factor).map_err(|error| error.to_string())
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("no = in it")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn durations() {
        let table = [
            ("200ms", Some(Duration::from_millis(200))),
            ("1.5s", Some(Duration::from_millis(1_500))),
            ("70us", Some(Duration::from_micros(70))),
            ("2m", Some(Duration::from_secs(120))),
            ("200", None),
            ("ms", None),
            ("-1s", None),
            ("1e300s", None),
        ];
        for (text, expected) in table {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
    }
}
