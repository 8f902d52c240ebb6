//! The five services of the story. Each runs in its own process, which the parent starts with a
//! hidden subcommand of the same binary.

mod announcer;
mod client;
#[cfg(feature = "kafka")]
mod consumer;
mod database;
mod failure;
mod gateway;
mod inventory;
/// Generated from `proto/inventory.proto`, see `tests/generated.rs`.
#[allow(clippy::all, clippy::pedantic, rust_2018_idioms, unnameable_types, unreachable_pub)]
#[rustfmt::skip]
mod inventory_api;
mod messages;
mod notice;
mod notification;
mod orders;
mod payment;
mod peer;
mod process;
#[cfg(feature = "kafka")]
mod producer;
#[cfg(feature = "kafka")]
mod queue;
mod server;

use std::net::IpAddr;

use anyhow::Result;
use clap::{Args, Subcommand};

use announcer::Announcer;
#[cfg(feature = "kafka")]
use consumer::Consumer;
use server::Server;

pub(crate) use gateway::TRACE_ID;
pub(crate) use messages::{Checkout, Line};
pub(crate) use notice::{Answer, Notice};
pub(crate) use payment::DECLINED_SUFFIX;
pub(crate) use peer::Peer;
pub(crate) use process::LONGEST_REQUEST;
#[cfg(feature = "kafka")]
pub(crate) use queue::{TOPIC, client_config};

/// What the parent tells a child on its command line, or a container its only process.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Launch {
    /// Port to listen on; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Address to listen on, in a container 0.0.0.0; then the service runs until SIGTERM. Without it,
    /// it listens on loopback, and runs until the parent closes standard input
    #[arg(long)]
    pub(crate) host: Option<IpAddr>,
    #[command(subcommand)]
    pub(crate) service: Service,
}

/// A service and the addresses of the services that it calls.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub(crate) enum Service {
    Gateway {
        #[arg(long)]
        orders: Peer,
    },
    Orders {
        #[arg(long)]
        inventory: Peer,
        #[arg(long)]
        payment: Peer,
        #[arg(long)]
        notification: Peer,
        /// Brokers of Kafka through which orders are announced; without them notification is called
        #[arg(long)]
        brokers: Option<String>,
    },
    Inventory,
    Payment,
    Notification {
        /// Brokers of Kafka from which announcements come
        #[arg(long)]
        brokers: Option<String>,
    },
}

impl Launch {
    /// Runs the service until a signal, or until the parent closes our standard input or is gone.
    pub(crate) fn run(self) -> Result<()> {
        process::run(self.host, self.port, self.service.server())
    }

    /// The arguments from which clap parses this value again.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["service".to_owned(), format!("--port={}", self.port)];
        let host = self.host.iter().map(|host| format!("--host={host}"));
        arguments.extend(host);
        arguments.push(self.service.name().to_owned());
        let from = |brokers: &Option<String>| {
            let brokers = brokers.as_ref();
            brokers.map(|brokers| format!("--brokers={brokers}"))
        };
        match &self.service {
            Service::Gateway { orders } => arguments.push(format!("--orders={orders}")),
            Service::Orders {
                inventory,
                payment,
                notification,
                brokers,
            } => {
                arguments.extend([
                    format!("--inventory={inventory}"),
                    format!("--payment={payment}"),
                    format!("--notification={notification}"),
                ]);
                arguments.extend(from(brokers));
            }
            Service::Notification { brokers } => arguments.extend(from(brokers)),
            Service::Inventory | Service::Payment => {}
        }
        arguments
    }
}

impl Service {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Gateway { .. } => "gateway",
            Self::Orders { .. } => "orders",
            Self::Inventory => "inventory",
            Self::Payment => "payment",
            Self::Notification { .. } => "notification",
        }
    }

    async fn server(self) -> Result<Server> {
        Ok(match self {
            Self::Gateway { orders } => Server::Axum(gateway::router(orders)?),
            Self::Orders {
                inventory,
                payment,
                notification,
                brokers,
            } => {
                let announcer = Announcer::new(notification, brokers.as_deref())?;
                let router = orders::router(&inventory, payment, announcer.clone())?;
                Server::Announcing(router, announcer)
            }
            Self::Inventory => Server::Tonic(inventory::routes().await?),
            Self::Payment => Server::Actix(payment::routes),
            #[cfg(feature = "kafka")]
            Self::Notification {
                brokers: Some(brokers),
            } => {
                let consumer = Consumer::new(&brokers, notification::told)?;
                Server::Consuming(notification::router(), Box::new(consumer))
            }
            Self::Notification { .. } => Server::Axum(notification::router()),
        })
    }
}
