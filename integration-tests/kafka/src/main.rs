//! Traces through Kafka: from Rust to a Java service under its agent and back, and from Java to
//! Rust and back. This program receives and checks what both export.
//!
//! `run` beside this file starts it with a broker.

mod journey;
mod peer;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use otel_waterfall::{Receiver, Trace, print_report};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tokio::process::Command;
use tokio::time::timeout;

use journey::Journey;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [brokers, inbox, outbox] => peer::run(brokers, inbox, outbox).await,
        _ => compare().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("not everything held: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn compare() -> Result<()> {
    let how = "start it by integration-tests/kafka/run";
    let brokers = env::var("KAFKA_BOOTSTRAP_SERVERS").context(how)?;
    let kept = PathBuf::from(env::var("KEPT").context(how)?);
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let [to_java, to_rust] = ["to-java", "to-rust"].map(|name| format!("{name}.{since:x}"));
    create(&brokers, [&to_java, &to_rust]).await?;

    let mut receiver = Receiver::new();
    let address = receiver.listen_http(([127, 0, 0, 1], 0).into()).await?;
    let endpoint = format!("http://{address}");
    let mut java = java(&kept);
    java.args([&brokers, &to_java, &to_rust]);
    let mut rust = Command::new(env::current_exe()?);
    rust.args([&brokers, &to_rust, &to_java]);
    // If one of them fails, the other is stopped, because it would wait for ever.
    tokio::try_join!(
        service(java, "java", &endpoint),
        service(rust, "rust", &endpoint)
    )?;

    let traces = Trace::group(receiver.drain().spans);
    for trace in &traces {
        print_report("the order", trace, 100, &mut anstream::stdout())?;
    }
    let journey = Journey {
        to_java: &to_java,
        to_rust: &to_rust,
        tenant: peer::TENANT,
    };
    journey.check(&traces)
}

fn java(kept: &Path) -> Command {
    let agent = kept.join("agent/opentelemetry-javaagent.jar");
    let classes = [kept.join("classes"), kept.join("lib/*")];
    let classes = classes.map(|path| path.display().to_string()).join(":");
    let mut java = Command::new("java");
    java.arg(format!("-javaagent:{}", agent.display()));
    // For a short life.
    java.args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]);
    java.args(["-cp", &classes, "Peer"]);
    java
}

/// Runs it until it has ended and exported everything.
async fn service(mut command: Command, name: &str, endpoint: &str) -> Result<()> {
    for (variable, _) in env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
        command.env_remove(variable);
    }
    command.env("OTEL_SERVICE_NAME", name);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    command.env("OTEL_METRICS_EXPORTER", "none");
    command.env("OTEL_LOGS_EXPORTER", "none");
    let starting = command.kill_on_drop(true).spawn();
    let mut child = starting.with_context(|| format!("{name} does not start"))?;
    let ended = timeout(PATIENCE, child.wait()).await;
    let status = ended.with_context(|| format!("{name} does not end"))??;
    ensure!(status.success(), "{name}: {status}");
    Ok(())
}

async fn create(brokers: &str, topics: [&str; 2]) -> Result<()> {
    let mut config = ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> =
        config.set("bootstrap.servers", brokers).create()?;
    let topics = topics.map(|topic| NewTopic::new(topic, 1, TopicReplication::Fixed(1)));
    for created in admin.create_topics(&topics, &AdminOptions::new()).await? {
        created.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(600);
