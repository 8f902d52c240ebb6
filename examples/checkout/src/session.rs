//! One run of the example: start the services, tell the story or stay up, clean up.

use std::env;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use otel_autoconfigure::shutdown_signal;

use crate::Options;
use crate::arrivals::Arrivals;
use crate::fleet::Fleet;
use crate::output::Output;
use crate::receiver::{Batch, Receiver};
use crate::services::{Launch, Service};
use crate::story::{Customer, scenes};
use crate::trace::Trace;

/// However this ends, no service is left running.
pub(crate) async fn run(options: Options) -> Result<ExitCode> {
    let mut session = Session::open(options).await?;
    let outcome = tokio::select! {
        biased;
        () = shutdown_signal() => None,
        outcome = session.play() => Some(outcome),
    };
    if outcome.is_none() {
        session
            .output
            .complain("\ninterrupted, stopping the services (again to kill them)");
    }
    let stopped = tokio::select! {
        biased;
        // Whoever presses it twice does not want to wait for telemetry: dropping kills.
        () = shutdown_signal() => Err(anyhow!("the services were killed")),
        stopped = session.fleet.stop() => stopped,
    };
    match outcome {
        Some(Ok(())) => stopped.map(|()| ExitCode::SUCCESS),
        Some(Err(error)) => Err(error),
        None => {
            if let Err(error) = stopped {
                session.output.complain(&format!("{error:#}"));
            }
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

struct Session {
    options: Options,
    output: Output,
    /// `None` if the telemetry goes to the user's own collector. Lives here rather than in `play`:
    /// the services export to it until they have stopped.
    receiver: Option<Receiver>,
    fleet: Fleet,
}

impl Session {
    async fn open(options: Options) -> Result<Self> {
        let has_collector = COLLECTOR
            .iter()
            .any(|key| env::var_os(key).is_some_and(|value| !value.is_empty()));
        ensure!(
            !(has_collector && options.json),
            "--json prints the spans that arrive here, and {} sends them elsewhere",
            COLLECTOR.join(" or "),
        );
        let receiver = match has_collector {
            true => None,
            false => Some(Receiver::start().await?),
        };
        Ok(Self {
            output: Output::new(options.json),
            fleet: Fleet::new(receiver.as_ref().map(Receiver::endpoint)),
            receiver,
            options,
        })
    }

    async fn play(&mut self) -> Result<()> {
        let notification = self.start(Service::Notification).await?;
        let payment = self.start(Service::Payment).await?;
        let inventory = self.start(Service::Inventory).await?;
        let orders = Service::Orders {
            inventory,
            payment,
            notification,
        };
        let orders = self.start(orders).await?;
        let gateway = self.start(Service::Gateway { orders }).await?;
        match self.options.serve {
            true => self.serve(gateway).await,
            false => self.tell(gateway).await,
        }
    }

    async fn start(&mut self, service: Service) -> Result<SocketAddr> {
        let launch = Launch {
            port: match service {
                Service::Gateway { .. } => self.options.port,
                _ => 0,
            },
            service,
        };
        let started = self.fleet.start(&launch).await?;
        self.output.progress(&format!(
            "{:12} ready on http://{} (process {})",
            launch.service.name(),
            started.address,
            started.process,
        ));
        Ok(started.address)
    }

    async fn tell(&mut self, gateway: SocketAddr) -> Result<()> {
        let customer = Customer::new(gateway)?;
        let mut told = Vec::new();
        for scene in scenes() {
            let trace_id = self.fleet.guard(customer.play(&scene)).await?;
            self.output
                .progress(&format!("{:12} sent {}", "customer", scene.subject));
            told.push((scene.subject, trace_id));
        }
        // The services export their last spans when they stop: after this all of them are here.
        self.fleet.stop().await?;

        let Some(receiver) = &mut self.receiver else {
            return told
                .iter()
                .try_for_each(|(subject, trace_id)| self.output.trace_id(subject, *trace_id));
        };
        let Batch { spans, logs } = receiver.drain();
        let traces: Vec<_> = Trace::group(spans)
            .into_iter()
            .map(|trace| trace.with_logs(&logs))
            .collect();
        for (subject, trace_id) in told {
            let trace = traces
                .iter()
                .find(|trace| trace.id() == Some(trace_id))
                .with_context(|| format!("no span of {subject} has arrived"))?;
            self.output.trace(subject, trace)?;
        }
        Ok(())
    }

    async fn serve(&mut self, gateway: SocketAddr) -> Result<()> {
        self.output.invite(gateway)?;
        let Some(receiver) = &mut self.receiver else {
            return Err(self.fleet.death().await);
        };
        let mut arrivals = Arrivals::default();
        loop {
            let batch = tokio::select! {
                biased;
                error = self.fleet.death() => return Err(error),
                batch = receiver.next() => batch.context("the receiver has failed")?,
            };
            for trace in arrivals.add(batch) {
                self.output.trace("this request", &trace)?;
            }
        }
    }
}

/// The variables that name a collector for spans.
const COLLECTOR: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];
/// What shells report for a program that Ctrl-C has ended: 128 + SIGINT.
const INTERRUPTED: u8 = 130;
