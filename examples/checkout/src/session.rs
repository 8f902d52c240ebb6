//! One run of the example: start the services, tell the story or stay up, clean up.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};

use crate::Options;
use crate::arrivals::Arrivals;
use crate::destination::Destination;
use crate::fleet::Fleet;
use crate::output::Output;
use crate::receiver::{Batch, Receiver};
use crate::services::{Launch, Service};
use crate::stop_signal::StopSignal;
use crate::story::{Customer, scenes};
use crate::trace::Trace;

/// However this ends, no service is left running.
pub(crate) async fn run(options: Options) -> Result<ExitCode> {
    let mut session = Session::open(options).await?;
    let outcome = tokio::select! {
        biased;
        Ok(signal) = StopSignal::next() => Err(signal),
        outcome = session.play() => Ok(outcome),
    };
    if outcome.is_err() {
        session
            .output
            .complain("\ninterrupted, stopping the services (again to kill them)");
    }
    let stopped = tokio::select! {
        biased;
        // Whoever presses it twice does not want to wait for telemetry: dropping kills.
        Ok(_) = StopSignal::next() => Err(anyhow!("the services were killed")),
        stopped = session.fleet.stop() => stopped,
    };
    match outcome {
        Ok(Ok(())) => stopped.map(|()| ExitCode::SUCCESS),
        Ok(Err(error)) => Err(error),
        Err(signal) => {
            if let Err(error) = stopped {
                session.output.complain(&format!("{error:#}"));
            }
            Ok(ExitCode::from(signal.exit_code()))
        }
    }
}

struct Session {
    options: Options,
    output: Output,
    destination: Destination,
    /// `None` if the telemetry goes elsewhere. Lives here rather than in `play`:
    /// the services export to it until they have stopped.
    receiver: Option<Receiver>,
    fleet: Fleet,
}

impl Session {
    async fn open(options: Options) -> Result<Self> {
        let destination = Destination::from_environment();
        ensure!(
            destination == Destination::Here || !options.json,
            "--json prints the spans that arrive here, but {destination}",
        );
        let receiver = match destination {
            Destination::Here => Some(Receiver::start().await?),
            Destination::Collector(..) | Destination::Nowhere(_) => None,
        };
        Ok(Self {
            output: Output::new(options.json),
            fleet: Fleet::new(receiver.as_ref().map(Receiver::endpoint)),
            receiver,
            destination,
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
            if self.receiver.is_none() {
                // At once: they stand, whatever becomes of the last export.
                self.output
                    .trace_id(scene.subject, trace_id, &self.destination)?;
            }
            told.push((scene.subject, trace_id));
        }
        // The services export their last spans when they stop: after this all of them are here.
        self.fleet.stop().await?;

        let Some(receiver) = &mut self.receiver else {
            return Ok(());
        };
        let Batch { spans, logs } = receiver.drain();
        let traces: Vec<_> = Trace::group(spans)
            .into_iter()
            .map(|trace| trace.with_logs(&logs))
            .collect();
        for (subject, trace_id) in told {
            let trace = traces
                .iter()
                .find(|trace| trace_id.is_some() && trace.id() == trace_id)
                .with_context(|| format!("no span of {subject} has arrived"))?;
            self.output.trace(subject, trace)?;
        }
        Ok(())
    }

    async fn serve(&mut self, gateway: SocketAddr) -> Result<()> {
        self.output.invite(gateway, &self.destination)?;
        let Some(receiver) = &mut self.receiver else {
            loop {
                let answer = self.fleet.answer().await?;
                self.output.answer(&answer, &self.destination)?;
            }
        };
        let mut arrivals = Arrivals::default();
        loop {
            let batch = tokio::select! {
                biased;
                // Its trace is printed when it is complete.
                answer = self.fleet.answer() => answer.map(|_| None)?,
                batch = receiver.next() => Some(batch.context("the receiver has failed")?),
            };
            for trace in batch.map(|batch| arrivals.add(batch)).unwrap_or_default() {
                self.output.trace("this request", &trace)?;
            }
        }
    }
}
