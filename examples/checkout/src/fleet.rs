//! The five child processes: started in order, watched, and never left behind.

use std::collections::VecDeque;
use std::env;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::services::Launch;

/// The running services. Dropping it kills them; [`Fleet::stop`] lets them finish.
#[derive(Debug)]
pub(crate) struct Fleet {
    members: Vec<Member>,
    receiver: Option<String>,
}

/// Where a service that has started is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
}

impl Fleet {
    /// Services that export to `receiver`, or without one to where the environment says.
    pub(crate) fn new(receiver: Option<String>) -> Self {
        Self {
            members: Vec::new(),
            receiver,
        }
    }

    /// Returns as soon as the service listens; its address comes from the service itself, so no
    /// port can be lost between choosing and using it.
    pub(crate) async fn start(&mut self, launch: &Launch) -> Result<Started> {
        let mut member = Member::spawn(launch, self.receiver.as_deref())?;
        let ready = timeout(LONGEST_START, member.ready()).await;
        let started =
            ready.unwrap_or_else(|_| Err(anyhow!("{} did not get ready", member.name)))?;
        self.members.push(member);
        Ok(started)
    }

    /// Waits until any service has ended, which none does unasked, and tells why.
    pub(crate) async fn death(&mut self) -> anyhow::Error {
        let mut ends: FuturesUnordered<_> = self.members.iter_mut().map(Member::end).collect();
        match ends.next().await {
            Some(end) => end.map_or_else(|error| error, End::into_error),
            None => std::future::pending().await,
        }
    }

    /// The outcome of `work`. If a service dies meanwhile, that is the reason given: what `work`
    /// met with is only what followed from it.
    pub(crate) async fn guard<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut death = pin!(self.death());
        let outcome = tokio::select! {
            biased;
            error = &mut death => return Err(error),
            outcome = work => outcome,
        };
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(timeout(DEATH_NOTICE, death).await.unwrap_or(error)),
        }
    }

    /// Asks the services to finish their work and export their spans, callers before the called,
    /// and waits until they have ended. Tells of the first that did not end well.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(mut member) = self.members.pop() {
            outcome = outcome.and(member.stop().await);
        }
        outcome
    }
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    child: Child,
    /// As long as this pipe is open, the child runs.
    stdin: Option<ChildStdin>,
    /// Collects what the child complains about, until it ends.
    stderr: Option<JoinHandle<String>>,
}

impl Member {
    fn spawn(launch: &Launch, receiver: Option<&str>) -> Result<Self> {
        let name = launch.service.name();
        let mut command = Command::new(env::current_exe()?);
        command
            .args(launch.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A terminal sends Ctrl-C to its whole foreground group; it is the parent who decides.
        #[cfg(unix)]
        command.process_group(0);
        if let Some(receiver) = receiver {
            // The story depends on nothing that the user may have set for other programs.
            let names = env::vars_os().map(|(name, _)| name);
            for name in names.filter(|name| name.to_string_lossy().starts_with("OTEL_")) {
                command.env_remove(name);
            }
            command
                .envs(TO_RECEIVER)
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver)
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        }
        // All that a service needs to know of OpenTelemetry. Five with one name would be one.
        command.env("OTEL_SERVICE_NAME", name);
        let mut child = command
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        Ok(Self {
            name,
            stdin: child.stdin.take(),
            stderr: child
                .stderr
                .take()
                .map(|pipe| tokio::spawn(last_lines(pipe))),
            child,
        })
    }

    /// The child's first line is its address.
    async fn ready(&mut self) -> Result<Started> {
        let line = match self.child.stdout.take() {
            Some(pipe) => BufReader::new(pipe).lines().next_line().await?,
            None => None,
        };
        match (line.and_then(|line| line.parse().ok()), self.child.id()) {
            (Some(address), Some(process)) => Ok(Started { address, process }),
            _ => Err(self.end().await?.into_error()),
        }
    }

    async fn stop(&mut self) -> Result<()> {
        self.stdin = None;
        let Ok(end) = timeout(LONGEST_STOP, self.end()).await else {
            self.child.kill().await?;
            return Err(anyhow!(
                "{} did not stop when asked and was killed",
                self.name
            ));
        };
        match end? {
            end if end.status.success() => Ok(()),
            end => Err(end.into_error()),
        }
    }

    async fn end(&mut self) -> Result<End> {
        let status = self.child.wait().await?;
        let complaint = match &mut self.stderr {
            Some(reader) => reader.await.unwrap_or_default(),
            None => String::new(),
        };
        self.stderr = None;
        Ok(End {
            name: self.name,
            status,
            complaint,
        })
    }
}

/// How a service ended.
struct End {
    name: &'static str,
    status: ExitStatus,
    complaint: String,
}

impl End {
    fn into_error(self) -> anyhow::Error {
        let Self {
            name,
            status,
            complaint,
        } = self;
        match complaint.as_str() {
            "" => anyhow!("{name} ended ({status})"),
            complaint => anyhow!("{name} ended ({status}): {complaint}"),
        }
    }
}

async fn last_lines(pipe: ChildStderr) -> String {
    let mut lines = BufReader::new(pipe).lines();
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        last.push_back(line);
        if last.len() > LAST_LINES {
            last.pop_front();
        }
    }
    Vec::from(last).join("\n  ")
}

/// A connection to a killed process is reset a moment before its parent hears of the death.
const DEATH_NOTICE: Duration = Duration::from_millis(500);
const LAST_LINES: usize = 10;
/// Often, because with `--serve` somebody is waiting to see the trace, and logs before spans,
/// which complete it. A basket may have more lines than the queue usually has places.
const TO_RECEIVER: [(&str, &str); 5] = [
    ("OTEL_BLRP_SCHEDULE_DELAY", "20"),
    ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "65536"),
    ("OTEL_METRICS_EXPORTER", "none"),
    ("RUST_LOG", "info"),
];
/// Filling the stock takes a moment in a debug build on a busy machine.
const LONGEST_START: Duration = Duration::from_secs(60);
/// More than a child takes at most to say goodbye.
const LONGEST_STOP: Duration = Duration::from_secs(10);
