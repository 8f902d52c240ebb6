//! OTLP to a real Collector: both protocols, with and without compression, with headers.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, ensure};

use crate::arrivals::taken;
use crate::checkouts::{Checkouts, Sent, number};
use crate::otlp::{Item, LOGS, METRICS, SPANS, requests};
use crate::processes::Processes;
use crate::programs::{GRPC, HTTP, Programs};
use crate::relay::Relay;
use crate::tally;

#[derive(Clone, Copy, Debug)]
struct Transport {
    protocol: &'static str,
    port: u16,
    compression: &'static str,
}

pub(crate) async fn run(programs: &Programs) -> Result<()> {
    for (protocol, port) in [("grpc", GRPC), ("http/protobuf", HTTP)] {
        let mut bytes = Vec::new();
        for compression in ["none", "gzip"] {
            let transport = Transport {
                protocol,
                port,
                compression,
            };
            bytes.push(transport.carry(programs).await?);
        }
        let [plain, compressed] = bytes[..] else {
            continue;
        };
        ensure!(
            3 * compressed < plain,
            "{protocol}: gzip makes {compressed} bytes of {plain}"
        );
    }
    Ok(())
}

impl Transport {
    /// Returns the number of bytes that the services have sent.
    async fn carry(self, programs: &Programs) -> Result<u64> {
        let programs = &programs.within(&self.to_string().replace(['/', ' ', ','], "-"))?;
        let mut processes = Processes::new(&programs.data);
        processes.start([programs.single("transport.yaml")]).await?;
        let relay = Relay::to(self.port).await?;
        let load = Checkouts {
            count: CHECKOUTS,
            rate: number("RATE", RATE)?,
            endpoint: format!("http://{}", relay.address),
            variables: vec![
                ("OTEL_EXPORTER_OTLP_PROTOCOL", self.protocol.to_owned()),
                (
                    "OTEL_EXPORTER_OTLP_COMPRESSION",
                    self.compression.to_owned(),
                ),
                // Percent-encoded, as the specification requires.
                (
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    "x-tenant=blue%20shop".to_owned(),
                ),
            ],
        };
        let sent = load.send(&programs.data)?.await?;
        let all = taken(&programs.taken(), &sent).await?;
        let missing = tally::missing(&sent, &all);
        ensure!(missing.is_empty(), "{self}: {missing:?} spans are missing");
        let items = self.assert_headers(programs, &sent)?;
        let bytes = relay.sent();
        println!(
            "{self}: {} of {} traces whole; the header came with {items}; {bytes} bytes",
            all.len(),
            sent.len()
        );
        ensure!(bytes > 0, "{self}: nothing went through the relay");
        processes.end().await?;
        Ok(bytes)
    }

    /// The Collector must have written the header's value into each resource.
    fn assert_headers(self, programs: &Programs, sent: &Sent) -> Result<String> {
        let requests = requests(&programs.taken());
        let mut counts = Vec::new();
        for (signal, paths) in [("spans", SPANS), ("records", LOGS), ("metrics", METRICS)] {
            let items = requests
                .iter()
                .flat_map(|request| Item::all(paths, request));
            let of_shop = sent.values().flat_map(|kind| kind.services());
            let of_shop: BTreeSet<_> = of_shop.collect();
            let items: Vec<_> = items
                .filter(|item| of_shop.contains(item.service().as_str()))
                .collect();
            let tenants = items.iter().map(|item| item.of_resource("tenant"));
            let tenants: BTreeSet<_> = tenants.collect();
            ensure!(
                tenants == BTreeSet::from(["blue shop".to_owned()]),
                "{self}: {signal} came with {tenants:?}"
            );
            counts.push(format!("{} {signal}", items.len()));
        }
        Ok(counts.join(", "))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.protocol, self.compression)
    }
}

const CHECKOUTS: u32 = 60;
const RATE: u32 = 15;
