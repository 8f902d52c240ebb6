//! Collectors and backends as processes that always end with this one.

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// A program to start. It is up when it listens on all of its ports.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) command: Command,
    pub(crate) ports: Vec<u16>,
}

#[derive(Debug)]
pub(crate) struct Processes {
    /// The folder for their output.
    data: PathBuf,
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    name: &'static str,
    ports: Vec<u16>,
    log: PathBuf,
    /// The process is killed when this is dropped.
    child: Child,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// As in a rollout.
    Term,
    /// As when memory runs out.
    Kill,
    /// Connections stay open, but there is no answer.
    Stop,
    Cont,
}

impl Processes {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            running: Vec::new(),
        }
    }

    /// Starts them in parallel, and returns when all of them are up.
    pub(crate) async fn start(
        &mut self,
        programs: impl IntoIterator<Item = Program>,
    ) -> Result<()> {
        let before = self.running.len();
        for program in programs {
            let process = self.spawn(program)?;
            self.running.push(process);
        }
        for process in self.running.iter_mut().skip(before) {
            process.ready().await?;
        }
        Ok(())
    }

    fn spawn(&self, program: Program) -> Result<Running> {
        let Program {
            name,
            mut command,
            ports,
        } = program;
        for port in &ports {
            ensure!(
                !is_taken(*port),
                "port {port} is in use, which {name} needs"
            );
        }
        let log = self.data.join(format!("{}.log", name.replace(' ', "-")));
        let output = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn();
        Ok(Running {
            name,
            ports,
            log,
            child: child.with_context(|| format!("{name} cannot be started"))?,
        })
    }

    /// Returns when all have ended and their ports are free.
    pub(crate) async fn end(mut self) -> Result<()> {
        for process in &mut self.running {
            process.child.kill().await?;
        }
        Ok(())
    }

    /// Sends the signal, and waits for the end of the process if the signal ends it.
    pub(crate) async fn signal(&mut self, name: &str, signal: Signal) -> Result<()> {
        let mut processes = self.running.iter_mut();
        let process = processes.find(|process| process.name == name);
        let process = process.with_context(|| format!("{name} does not run"))?;
        let id = process.child.id();
        let id = id.with_context(|| format!("{name} has ended"))?;
        let mut kill = Command::new("kill");
        kill.args(["-s", signal.name(), &id.to_string()]);
        ensure!(kill.status().await?.success(), "{signal:?} to {name}");
        if let Signal::Term | Signal::Kill = signal {
            process.child.wait().await?;
            self.running.retain(|process| process.name != name);
        }
        Ok(())
    }
}

impl Running {
    async fn ready(&mut self) -> Result<()> {
        let Self {
            name, ports, log, ..
        } = self;
        let deadline = Instant::now() + PATIENCE;
        while !ports.iter().all(|port| is_taken(*port)) {
            if let Some(status) = self.child.try_wait()? {
                bail!("{name} has ended ({status}), see {}", log.display());
            }
            let is_in_time = Instant::now() < deadline;
            ensure!(is_in_time, "{name} is not up, see {}", log.display());
            sleep(Duration::from_millis(50)).await;
        }
        println!("{name} is up, on {ports:?}");
        Ok(())
    }
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        }
    }
}

fn is_taken(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Zipkin takes the longest to start.
const PATIENCE: Duration = Duration::from_secs(120);
