//! The programs that are started, and their ports.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::processes::Program;

/// The programs that `run` has built and fetched, and the folder for data.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) kept: PathBuf,
    pub(crate) data: PathBuf,
}

/// A gateway; the agent finds the two by their ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gateway {
    pub(crate) process: &'static str,
    /// The name in its files.
    pub(crate) name: &'static str,
    grpc: u16,
    health: u16,
    /// Only used without backends.
    pub(crate) http: u16,
}

impl Gateway {
    pub(crate) const A: Self = Self {
        process: "gateway a",
        name: "a",
        grpc: 5317,
        health: 5313,
        http: 5318,
    };
    pub(crate) const B: Self = Self {
        process: "gateway b",
        name: "b",
        grpc: 6317,
        health: 6313,
        http: 6318,
    };

    /// The same gateway after a restart, with its own files.
    pub(crate) const fn renamed(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

impl Programs {
    pub(crate) fn agent(&self) -> Program {
        Program {
            name: "agent",
            command: self.collector(&["agent.yaml"]),
            ports: vec![GRPC, HTTP],
        }
    }

    pub(crate) fn gateway(&self, gateway: Gateway) -> Program {
        Program {
            name: gateway.process,
            command: self.of_gateway(gateway, &["gateway.yaml"]),
            ports: vec![gateway.grpc],
        }
    }

    /// Without backends, but with HTTP.
    pub(crate) fn gateway_alone(&self, gateway: Gateway) -> Program {
        Program {
            name: gateway.process,
            command: self.of_gateway(gateway, &["gateway.yaml", "gateway-alone.yaml"]),
            ports: vec![gateway.grpc, gateway.http],
        }
    }

    /// A single Collector with this configuration.
    pub(crate) fn single(&self, config: &str) -> Program {
        Program {
            name: COLLECTOR,
            command: self.collector(&[config]),
            ports: vec![GRPC, HTTP],
        }
    }

    pub(crate) fn jaeger(&self) -> Program {
        let mut command = Command::new(self.kept.join("bin/jaeger"));
        command.args(["--config", "jaeger.yaml"]);
        Program {
            name: "Jaeger",
            command,
            ports: vec![4417, 16686],
        }
    }

    pub(crate) fn zipkin(&self) -> Program {
        let mut command = Command::new("java");
        command.args(["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC"]);
        // Shortens its start.
        command.args(["-XX:TieredStopAtLevel=1", "-jar"]);
        command.arg(self.kept.join("zipkin.jar"));
        // All three are needed: with the address alone, it takes a random port.
        command.args([
            "--armeria.ports[0].ip=127.0.0.1",
            "--armeria.ports[0].port=9411",
            "--armeria.ports[0].protocols[0]=http",
        ]);
        command.env("STORAGE_TYPE", "mem");
        Program {
            name: "Zipkin",
            command,
            ports: vec![9411],
        }
    }

    fn of_gateway(&self, gateway: Gateway, configs: &[&str]) -> Command {
        let mut command = self.collector(configs);
        command
            .env("NAME", gateway.name)
            .env("OTLP_PORT", gateway.grpc.to_string())
            .env("HTTP_PORT", gateway.http.to_string())
            .env("HEALTH_PORT", gateway.health.to_string())
            .env("DECISION_WAIT", format!("{}s", DECISION_WAIT.as_secs()));
        command
    }

    fn collector(&self, configs: &[&str]) -> Command {
        let mut command = Command::new(self.kept.join("build/otelcol"));
        for config in configs {
            command.args(["--config", config]);
        }
        command.env("DATA", &self.data);
        command
    }

    /// The same programs, with a data folder below this one.
    pub(crate) fn within(&self, folder: &str) -> std::io::Result<Self> {
        let data = self.data.join(folder);
        std::fs::create_dir_all(&data)?;
        Ok(Self {
            kept: self.kept.clone(),
            data,
        })
    }

    pub(crate) fn kept_by(&self, gateway: Gateway) -> PathBuf {
        file(&self.data, "kept", gateway)
    }

    pub(crate) fn logs_of(&self, gateway: Gateway) -> PathBuf {
        file(&self.data, "logs", gateway)
    }

    pub(crate) fn metrics_of(&self, gateway: Gateway) -> PathBuf {
        file(&self.data, "metrics", gateway)
    }

    /// Everything that a Collector has received, before any sampling.
    pub(crate) fn taken(&self) -> PathBuf {
        self.data.join("all.jsonl")
    }
}

fn file(data: &Path, what: &str, gateway: Gateway) -> PathBuf {
    data.join(format!("{what}-{}.jsonl", gateway.name))
}

/// The process of [`Programs::single`].
pub(crate) const COLLECTOR: &str = "Collector";
/// The default port of SDKs.
pub(crate) const GRPC: u16 = 4317;
pub(crate) const HTTP: u16 = 4318;
/// How long a gateway waits for the rest of a trace.
pub(crate) const DECISION_WAIT: Duration = Duration::from_secs(6);
