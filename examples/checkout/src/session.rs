//! One run of the example: starts the services, tells the story or stays up, cleans up.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use otel_waterfall::{Arrivals, Page, Receiver, Trace, Traces};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::Options;
use crate::broker::Broker;
use crate::destination::Destination;
use crate::fleet::Fleet;
use crate::output::Output;
use crate::services::{Launch, Service};
use crate::stop_signal::StopSignal;
use crate::story::{Customer, mixed, scenes};

/// No service is left running, however this ends.
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
        // A second signal means not to wait for telemetry: dropping kills the services.
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
    /// `None` if the telemetry is sent elsewhere. It lives here rather than in `play`, because the
    /// services export to it until they have stopped.
    receiver: Option<Receiver>,
    traces: Traces,
    /// The broker for announcements. It lives here for the same reason.
    broker: Broker,
    /// The page that also shows the traces.
    page: Option<Page>,
    fleet: Fleet,
}

impl Session {
    async fn open(options: Options) -> Result<Self> {
        let destination = Destination::from_environment();
        ensure!(
            destination == Destination::Here || !options.json,
            "--json prints the spans that arrive here, but {destination}",
        );
        ensure!(
            destination == Destination::Here || !options.web,
            "--web shows the spans that arrive here, but {destination}",
        );
        ensure!(
            destination != Destination::Here || options.load.is_none(),
            "--load is for a backend of your own: set OTEL_EXPORTER_OTLP_ENDPOINT",
        );
        let mut receiver = None;
        let mut endpoint = None;
        if destination == Destination::Here {
            let listening = receiver.insert(Receiver::new());
            let address = listening.listen_grpc(ANY_PORT.into()).await;
            let address = address.context("no loopback port for the receiver")?;
            endpoint = Some(format!("http://{address}"));
        }
        let output = Output::new(options.json);
        let traces = Traces::new(ROOM);
        let page = match options.web {
            true => Some(open_page(&traces).await?),
            false => None,
        };
        Ok(Self {
            output,
            fleet: Fleet::new(endpoint),
            broker: Broker::start().await?,
            receiver,
            traces,
            page,
            destination,
            options,
        })
    }

    async fn play(&mut self) -> Result<()> {
        let brokers = self.broker.addresses();
        let notification = Service::Notification {
            brokers: brokers.clone(),
        };
        let notification = self.start(notification).await?;
        let payment = self.start(Service::Payment).await?;
        let inventory = self.start(Service::Inventory).await?;
        let orders = Service::Orders {
            inventory: inventory.into(),
            payment: payment.into(),
            notification: notification.into(),
            brokers,
        };
        let orders = self.start(orders).await?;
        let gateway = Service::Gateway {
            orders: orders.into(),
        };
        let gateway = self.start(gateway).await?;
        match (self.options.load, self.options.serve) {
            (Some(checkouts), _) => self.load(gateway, checkouts).await,
            (None, true) => self.serve(gateway).await,
            (None, false) => self.tell(gateway).await,
        }
    }

    async fn start(&mut self, service: Service) -> Result<SocketAddr> {
        let launch = Launch {
            port: match service {
                Service::Gateway { .. } => self.options.port,
                _ => 0,
            },
            host: None,
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
                // Printed at once: they are true, whatever happens to the last export.
                self.output
                    .trace_id(scene.subject, trace_id, &self.destination)?;
            }
            told.push((scene.subject, trace_id));
        }
        // The services export their last spans when they stop: afterwards all spans are here.
        self.fleet.stop().await?;

        let Some(receiver) = &mut self.receiver else {
            return Ok(());
        };
        let arrived = receiver.drain();
        let traces: Vec<_> = Trace::group(arrived.spans)
            .into_iter()
            .map(|trace| trace.with_logs(&arrived.logs))
            .collect();
        for (subject, trace_id) in told {
            let trace = traces
                .iter()
                .find(|trace| trace_id.is_some() && trace.id() == trace_id)
                .with_context(|| format!("no span of {subject} has arrived"))?;
            self.output.trace(subject, trace)?;
            self.traces.put(trace.clone());
        }
        match &self.page {
            Some(page) => {
                self.output.page(page);
                pending().await
            }
            None => Ok(()),
        }
    }

    /// Sends at a steady rate, without waiting for answers, and stops the services after the last
    /// answer: everything has been exported only then.
    async fn load(&mut self, gateway: SocketAddr, checkouts: u32) -> Result<()> {
        let customer = Arc::new(Customer::new(gateway)?);
        let mut due = interval(Duration::from_secs(1) / self.options.rate);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut sent = JoinSet::new();
        for number in 1..=checkouts {
            self.fleet.guard(async { Ok(due.tick().await) }).await?;
            let customer = Arc::clone(&customer);
            sent.spawn(async move {
                let scene = mixed(number);
                let trace_id = customer.play(&scene).await;
                (scene.subject, trace_id)
            });
        }
        let answered = self
            .fleet
            .guard(async { Ok(sent.join_all().await) })
            .await?;
        for (subject, trace_id) in answered {
            self.output
                .trace_id(subject, trace_id?, &self.destination)?;
        }
        self.fleet.stop().await
    }

    async fn serve(&mut self, gateway: SocketAddr) -> Result<()> {
        self.output.invite(gateway, &self.destination)?;
        let Some(receiver) = &mut self.receiver else {
            loop {
                let answer = self.fleet.answer().await?;
                self.output.answer(&answer, &self.destination)?;
            }
        };
        if let Some(page) = &self.page {
            self.output.page(page);
        }
        let mut arrivals = Arrivals::new(ROOM).entered_at("gateway");
        loop {
            let batch = tokio::select! {
                biased;
                // The trace is printed when it is complete.
                answer = self.fleet.answer() => answer.map(|_| None)?,
                batch = receiver.next_until(arrivals.next_due()) => batch,
            };
            let now = Instant::now();
            if let Some(batch) = batch {
                arrivals.add(batch, now);
            }
            for trace in arrivals.due(now) {
                let new = self.traces.put(trace).filter(|put| put.has_new_spans);
                if let Some(put) = new {
                    self.output.trace("this request", &put.trace)?;
                }
            }
        }
    }
}

/// Opens the page at the port of `otel-waterfall`, or at any port if that is in use.
async fn open_page(traces: &Traces) -> Result<Page> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 4319));
    match Page::open(usual, traces.clone()).await {
        Ok(page) => Ok(page),
        Err(_) => Page::open(ANY_PORT.into(), traces.clone()).await,
    }
}

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
/// The memory for traces.
const ROOM: usize = 128 << 20;
