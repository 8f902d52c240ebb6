//! The Collectors, the backends and the shop, as processes that end with this one.

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// A load of checkouts, and where the shop exports to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkouts<'a> {
    pub(crate) count: u32,
    pub(crate) rate: u32,
    pub(crate) endpoint: &'a str,
    /// `OTEL_BSP_MAX_QUEUE_SIZE`.
    pub(crate) queue: u32,
}

pub(crate) struct Processes {
    kept: PathBuf,
    data: PathBuf,
    /// Killed when it is dropped.
    children: Vec<(&'static str, Child)>,
}

impl Processes {
    pub(crate) fn new(kept: &Path, data: &Path) -> Self {
        Self {
            kept: kept.to_owned(),
            data: data.to_owned(),
            children: Vec::new(),
        }
    }

    /// Returns when all of them take what is sent.
    pub(crate) async fn start_all(&mut self) -> Result<()> {
        for (port, name) in PORTS {
            let is_free = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err();
            ensure!(is_free, "port {port} is in use, which {name} needs");
        }
        let jaeger = self.program("bin/jaeger", &["--config", "jaeger.yaml"]);
        self.start("Jaeger", jaeger, 16686).await?;
        let zipkin = self.zipkin();
        self.start("Zipkin", zipkin, 9411).await?;
        for (name, port, health) in [("a", 5317, 5313), ("b", 6317, 6313)] {
            let mut gateway = self.program("build/otelcol", &["--config", "gateway.yaml"]);
            gateway.env("NAME", name).env("OTLP_PORT", port.to_string());
            gateway.env("HEALTH_PORT", health.to_string());
            let wait = format!("{}s", DECISION_WAIT.as_secs());
            gateway.env("DECISION_WAIT", wait);
            self.start(
                if name == "a" {
                    "gateway a"
                } else {
                    "gateway b"
                },
                gateway,
                port,
            )
            .await?;
        }
        let agent = self.program("build/otelcol", &["--config", "agent.yaml"]);
        self.start("agent", agent, 4317).await
    }

    /// Only a Collector that writes down what it accepts.
    pub(crate) async fn start_collector(&mut self) -> Result<()> {
        let collector = self.program("build/otelcol", &["--config", "outage.yaml"]);
        self.start("Collector", collector, 4317).await
    }

    /// Sends a signal to what was started last, and waits for its end where it brings one.
    pub(crate) async fn signal(&mut self, signal: &str) -> Result<()> {
        let (name, child) = self.children.last_mut().context("nothing runs")?;
        let id = child.id().with_context(|| format!("{name} has ended"))?;
        let sent = Command::new("kill")
            .args(["-s", signal, &id.to_string()])
            .status();
        ensure!(sent.await?.success(), "{signal} to {name}");
        if let "TERM" | "KILL" = signal {
            child.wait().await?;
        }
        Ok(())
    }

    pub(crate) async fn restart_collector(&mut self) -> Result<()> {
        self.children.pop();
        self.start_collector().await
    }

    /// The ids of their traces and what they are, when the shop has been stopped and has exported
    /// everything.
    pub(crate) fn shop(
        &self,
        load: &Checkouts<'_>,
    ) -> Result<impl Future<Output = Result<Vec<(String, String)>>> + use<>> {
        let Checkouts {
            count,
            rate,
            endpoint,
            queue,
        } = *load;
        let log = self.data.join("checkout.log");
        let mut shop = Command::new(std::env::var_os("CHECKOUT").context("CHECKOUT")?);
        shop.args(["--load", &count.to_string(), "--rate", &rate.to_string()])
            .env_remove("OTEL_TRACES_SAMPLER")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_BSP_MAX_QUEUE_SIZE", queue.to_string())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .kill_on_drop(true);
        let shop = shop.spawn()?;
        Ok(async move {
            let output = shop.wait_with_output().await?;
            ensure!(
                output.status.success(),
                "checkout failed, see {}",
                log.display()
            );
            let printed = String::from_utf8(output.stdout)?;
            let traces = printed.lines().filter_map(|line| {
                let (id, subject) = line.strip_prefix("trace ")?.split_once("  ")?;
                Some((id.to_owned(), subject.to_owned()))
            });
            let traces: Vec<_> = traces.collect();
            ensure!(
                traces.len() == count as usize,
                "{} of {count} traces",
                traces.len()
            );
            Ok(traces)
        })
    }

    fn program(&self, path: &str, arguments: &[&str]) -> Command {
        let mut program = Command::new(self.kept.join(path));
        program.args(arguments).env("DATA", &self.data);
        program
    }

    fn zipkin(&self) -> Command {
        let mut java = Command::new("java");
        java.args(["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-jar"]);
        java.arg(self.kept.join("zipkin.jar"));
        // All three: with the address alone it takes a random port.
        java.args([
            "--armeria.ports[0].ip=127.0.0.1",
            "--armeria.ports[0].port=9411",
            "--armeria.ports[0].protocols[0]=http",
        ]);
        java.env("STORAGE_TYPE", "mem");
        java
    }

    async fn start(&mut self, name: &'static str, mut command: Command, port: u16) -> Result<()> {
        let log = self.data.join(format!("{}.log", name.replace(' ', "-")));
        let output = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn();
        let mut child = child.with_context(|| format!("{name} cannot be started"))?;
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("{name} has ended ({status}), see {}", log.display());
            }
            ensure!(
                Instant::now() < deadline,
                "{name} is not up, see {}",
                log.display()
            );
            sleep(Duration::from_millis(50)).await;
        }
        println!("{name} is up on port {port}");
        self.children.push((name, child));
        Ok(())
    }
}

/// How long a gateway waits for the rest of a trace.
pub(crate) const DECISION_WAIT: Duration = Duration::from_secs(6);
/// Zipkin takes the longest.
const PATIENCE: Duration = Duration::from_secs(120);
const PORTS: [(u16, &str); 7] = [
    (4317, "the agent"),
    (4318, "the agent"),
    (4417, "Jaeger"),
    (5317, "a gateway"),
    (6317, "a gateway"),
    (9411, "Zipkin"),
    (16686, "Jaeger"),
];
