//! Orders through Kafka: producer and consumer are created as in rdkafka, and the work on an order
//! belongs to the trace in which the order was sent.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-kafka
//! ```
//!
//! It prints the spans `send orders` and `process orders` of four traces, and ends with Ctrl-C,
//! which cancels the last order. `KAFKA_BROKERS` sets a cluster to use instead of librdkafka's
//! mock.

use std::env;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use otel_autoconfigure::shutdown_signal;
use otel_middleware_kafka::{OtelConsumer, OtelProducer};
use rdkafka::consumer::Consumer;
use rdkafka::message::BorrowedMessage;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::FutureRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, Message};

fn main() -> Result<(), Box<dyn Error>> {
    // Two seconds after SIGTERM, the work on an order is cancelled, its span ends, and everything
    // is exported.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mock = MockCluster::new(1)?;
    mock.create_topic("orders", 1, 1)?;
    let brokers = env::var("KAFKA_BROKERS").unwrap_or_else(|_| mock.bootstrap_servers());
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let producer: OtelProducer = config.create()?;
    // The seconds that it takes to pack each order.
    for order in ["0", "0", "0", "3600"] {
        let record = FutureRecord::<(), _>::to("orders").payload(order);
        let sent = producer.send(record, Duration::from_secs(5)).await;
        sent.map_err(|(error, _)| error)?;
    }

    let consumer: OtelConsumer = config.set("group.id", "packing").create()?;
    // `subscribe` would assign the partitions within the group, which takes some seconds.
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset("orders", 0, Offset::Beginning)?;
    consumer.assign(&partitions)?;
    let mut stop = pin!(shutdown_signal());
    loop {
        // Only the wait for an order is cancelled at once, not the work on it.
        let order = tokio::select! {
            order = consumer.recv() => order?,
            () = &mut stop => return Ok(()),
        };
        consumer.process(&order, pack).await?;
    }
}

async fn pack(order: &BorrowedMessage<'_>) -> Result<(), Box<dyn Error>> {
    let seconds = std::str::from_utf8(order.payload().unwrap_or_default())?.parse()?;
    println!("packing takes {seconds} s");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    tracing::info!("packed");
    Ok(())
}
