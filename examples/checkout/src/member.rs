//! One child process: its start, its messages, and its end.

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
    /// The child runs as long as this pipe is open.
    stdin: Option<ChildStdin>,
    listening: oneshot::Receiver<SocketAddr>,
    stopped: oneshot::Receiver<()>,
    /// Collects the child's standard error until it ends.
    stderr: Option<JoinHandle<String>>,
}

/// The address of a service that has started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
}

impl Member {
    /// Starts a service that exports to `receiver`, or as the environment says if there is none.
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
        // A terminal sends Ctrl-C to its whole foreground group; here the parent decides.
        #[cfg(unix)]
        command.process_group(0);
        if let Some(receiver) = receiver {
            // Variables that the user has set for other programs must not affect the story.
            let names = env::vars_os().map(|(name, _)| name);
            for name in names.filter(|name| name.to_string_lossy().starts_with("OTEL_")) {
                command.env_remove(name);
            }
            command
                .envs(TO_RECEIVER)
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver)
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        }
        // All that a service needs for OpenTelemetry. Five services with one name would appear as
        // one.
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

    /// Asks the child to stop, and waits until its requests are answered. Afterwards it still
    /// exports its telemetry; [`finish`](Self::finish) waits for that.
    pub(crate) async fn stop(&mut self) {
        self.stdin = None;
        // `finish` reports any other outcome.
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
    // The dropped channel tells the receivers that nothing more will come.
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

/// Short intervals, because with `--serve` a user is waiting to see the trace. Logs come before
/// spans, which complete a trace. A basket may have more lines than the default queue holds.
const TO_RECEIVER: [(&str, &str); 5] = [
    ("OTEL_BLRP_SCHEDULE_DELAY", "20"),
    ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "65536"),
    ("OTEL_METRICS_EXPORTER", "none"),
    ("RUST_LOG", "info"),
];
/// In a debug build on a busy machine, filling the stock takes a moment.
const LONGEST_START: Duration = Duration::from_secs(60);
/// Longer than the last export of a child can take.
const LONGEST_EXPORT: Duration = Duration::from_secs(10);
