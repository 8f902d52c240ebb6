//! One child process: how it is started, what it tells, and how it ends.

use std::env;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::complaints::Complaints;
use crate::services::{Answer, LONGEST_REQUEST, Launch, Notice};

/// A running service. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    child: Child,
    /// As long as this pipe is open, the child runs.
    stdin: Option<ChildStdin>,
    listening: oneshot::Receiver<SocketAddr>,
    stopped: oneshot::Receiver<()>,
    /// Collects what the child complains about, until it ends.
    stderr: Option<JoinHandle<String>>,
}

/// Where a service that has started is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
}

impl Member {
    /// A service that exports to `receiver`, or without one to where the environment says.
    pub(crate) fn spawn(
        launch: &Launch,
        receiver: Option<&str>,
        answers: mpsc::UnboundedSender<Answer>,
        complaints: &Complaints,
    ) -> Result<Self> {
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
        let (listening_sender, listening) = oneshot::channel();
        let (stopped_sender, stopped) = oneshot::channel();
        let stdout = child.stdout.take();
        tokio::spawn(notices(stdout, listening_sender, answers, stopped_sender));
        let stderr = child.stderr.take();
        let complaints = complaints.clone();
        Ok(Self {
            name,
            stdin: child.stdin.take(),
            listening,
            stopped,
            stderr: stderr
                .map(|pipe| tokio::spawn(async move { complaints.listen(name, pipe).await })),
            child,
        })
    }

    /// Returns as soon as the child listens.
    pub(crate) async fn ready(&mut self) -> Result<Started> {
        let listening = timeout(LONGEST_START, &mut self.listening).await;
        let listening = listening.with_context(|| format!("{} did not get ready", self.name))?;
        match (listening, self.child.id()) {
            (Ok(address), Some(process)) => Ok(Started { address, process }),
            _ => Err(self.end().await?.into_error()),
        }
    }

    /// Asks the child to stop and waits until its requests are answered. It goes on to export its
    /// telemetry, for which [`finish`](Self::finish) waits.
    pub(crate) async fn stop(&mut self) {
        self.stdin = None;
        // Whatever it meets with instead, `finish` tells.
        let _ = timeout(2 * LONGEST_REQUEST, &mut self.stopped).await;
    }

    pub(crate) async fn finish(mut self) -> Result<()> {
        let Ok(end) = timeout(LONGEST_EXPORT, self.end()).await else {
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

    /// Waits until the child has ended.
    pub(crate) async fn end(&mut self) -> Result<End> {
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
#[derive(Debug)]
pub(crate) struct End {
    name: &'static str,
    status: ExitStatus,
    complaint: String,
}

impl End {
    pub(crate) fn into_error(self) -> anyhow::Error {
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

async fn notices(
    stdout: Option<ChildStdout>,
    listening: oneshot::Sender<SocketAddr>,
    answers: mpsc::UnboundedSender<Answer>,
    stopped: oneshot::Sender<()>,
) {
    let Some(stdout) = stdout else { return };
    let mut lines = BufReader::new(stdout).lines();
    let (mut listening, mut stopped) = (Some(listening), Some(stopped));
    // Whoever waits is told by the dropped channel that nothing more will come.
    while let Ok(Some(line)) = lines.next_line().await {
        match line.parse() {
            Ok(Notice::Listening(address)) => {
                listening.take().map(|sender| sender.send(address));
            }
            Ok(Notice::Answered(answer)) => {
                let _ = answers.send(answer);
            }
            Ok(Notice::Stopped) => {
                stopped.take().map(|sender| sender.send(()));
            }
            Err(()) => {}
        }
    }
}

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
/// More than a child takes at most for its last export.
const LONGEST_EXPORT: Duration = Duration::from_secs(10);
