//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::services::Launch;

/// Five services, one trace, the culprit named.
///
/// Starts gateway, orders, inventory, payment and notification as five processes on loopback,
/// sends three checkouts through them (an ordinary one, a large basket, a declined card) and
/// prints a waterfall of each trace and where its time went.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = environment(),
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    override_usage = "checkout [OPTIONS]"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Print one JSON object a line for each span, and nothing else
    ///
    /// With `trace_id`, `span_id`, `parent_span_id` (absent on roots), `service`, `name`, `kind`,
    /// `start_unix_nano`, `duration_ns`, `status` and `attributes`.
    #[arg(long)]
    pub(crate) json: bool,
    /// Stay up, print the URL of the gateway and the trace of each request, until Ctrl-C or SIGTERM
    #[arg(long)]
    pub(crate) serve: bool,
    /// Send this many checkouts, of which one in seventeen is large and one in nineteen is declined,
    /// and print their traces; for a backend of your own
    #[arg(long, value_name = "CHECKOUTS", conflicts_with_all = ["json", "serve", "web"])]
    pub(crate) load: Option<u32>,
    /// How many of them a second
    #[arg(long, default_value_t = 8, requires = "load", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rate: u32,
    /// Show the traces on a page, too, and stay up until Ctrl-C or SIGTERM
    #[arg(long)]
    pub(crate) web: bool,
    /// Port of the gateway on 127.0.0.1; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one of the services; this is how the program starts its children, and how a container
    /// starts its only process
    #[command(hide = true)]
    Service(Launch),
}

fn environment() -> String {
    format!("{ENVIRONMENT}{BROKERS}")
}

const ENVIRONMENT: &str = "\
Environment:
  OTEL_EXPORTER_OTLP_ENDPOINT  Send spans, metrics and logs to this OTLP endpoint instead, for
                               example http://127.0.0.1:4318 (HTTP) or http://127.0.0.1:4317
                               (gRPC), and print only the trace ids; the other OTEL_ variables
                               apply, too
  NO_COLOR                     No colours, not even on a terminal";

const BROKERS: &str = match cfg!(feature = "kafka") {
    true => {
        "
  KAFKA_BOOTSTRAP_SERVERS      Announce orders through these brokers of Kafka rather than through
                               one that the program brings along"
    }
    false => "",
};

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use clap::CommandFactory;

    use super::*;
    use crate::services::{Peer, Service};

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_launch_is_read_as_it_was_written() {
        let peer = |text: &str| -> Peer { text.parse().unwrap() };
        let services = [
            Service::Gateway {
                orders: peer("orders.shop:8080"),
            },
            Service::Orders {
                inventory: peer("127.0.0.1:4317"),
                payment: peer("[::1]:4318"),
                notification: peer("notification:8080"),
                brokers: Some("localhost:9092,localhost:9093".to_owned()),
            },
            Service::Inventory,
            Service::Payment,
            Service::Notification { brokers: None },
            Service::Notification {
                brokers: Some("localhost:9092".to_owned()),
            },
        ];
        for service in services {
            let launch = Launch {
                port: 8080,
                host: matches!(service, Service::Inventory).then_some(Ipv4Addr::UNSPECIFIED.into()),
                service,
            };
            let line = ["checkout".to_owned()]
                .into_iter()
                .chain(launch.arguments());
            let Some(Command::Service(read)) = Arguments::parse_from(line).command else {
                panic!("{launch:?} is not read as a service");
            };
            assert_eq!(read, launch);
        }
    }
}
