//! The Kafka consumer of notification. An [`OtelConsumer`] and its `process` are enough to make the
//! work on a message part of the message's trace.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use otel_middleware_kafka::OtelConsumer;
use rdkafka::consumer::{Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use rdkafka::{ClientContext, Message};
use tokio::task::block_in_place;
use tracing::{error, warn};

use super::messages::NotificationRequest;
use super::queue::{TOPIC, client_config};

#[derive(Debug)]
pub(super) struct Consumer {
    client: OtelConsumer<Quiet>,
    tell: fn(NotificationRequest) -> String,
    /// The starting point in each partition.
    start: TopicPartitionList,
}

impl Consumer {
    pub(super) fn new(brokers: &str, tell: fn(NotificationRequest) -> String) -> Result<Self> {
        let client = client_config(brokers)
            .set("client.id", "notification")
            .set("group.id", "notification")
            // A message counts as consumed when the customer was told, not when it was received.
            .set("enable.auto.offset.store", "false")
            // The mock cluster answers only after this time, a real one as soon as there is a
            // message.
            .set("fetch.wait.max.ms", "10")
            .set("enable.partition.eof", "true")
            .create_with_context(Quiet);
        Ok(Self {
            client: client.context("no consumer")?,
            tell,
            start: TopicPartitionList::new(),
        })
    }

    /// Returns when the end of the topic has been read: later messages are received at once.
    ///
    /// The partitions are assigned rather than subscribed to. There is only one notification
    /// service, and a group takes seconds to assign its partitions.
    pub(super) async fn ready(&mut self) -> Result<()> {
        self.start = block_in_place(|| self.find_start())?;
        self.client.assign(&self.start)?;
        let partitions = self.start.elements();
        let partitions = partitions.iter().map(TopicPartitionListElem::partition);
        let mut behind: BTreeSet<_> = partitions.collect();
        while !behind.is_empty() {
            if let Some(partition) = self.handle(self.client.recv().await).await {
                behind.remove(&partition);
            }
        }
        Ok(())
    }

    /// Reads until `stop`, and then reads the messages that were sent until then.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let mut stop = pin!(stop);
        loop {
            // Only the wait for a message may be cancelled, not the work on it.
            let received = tokio::select! {
                biased;
                () = &mut stop => break,
                received = self.client.recv() => received,
            };
            self.handle(received).await;
        }
        let end = block_in_place(|| self.find_end())?;
        while !self.has_read(&end)? {
            self.handle(self.client.recv().await).await;
        }
        // Closing the client commits the offsets, which takes a moment.
        block_in_place(|| drop(self));
        Ok(())
    }

    /// Returns the partition if its end has been read.
    async fn handle(&self, received: KafkaResult<BorrowedMessage<'_>>) -> Option<i32> {
        let message = match received {
            Ok(message) => message,
            Err(KafkaError::PartitionEOF(partition)) => return Some(partition),
            Err(reason) => {
                warn!(%reason, "nothing received");
                return None;
            }
        };
        let tell = async |message: &BorrowedMessage<'_>| {
            let request = serde_json::from_slice(message.payload().unwrap_or_default());
            let request = request.inspect_err(|reason| error!(%reason, "nobody can be told"))?;
            Ok::<_, serde_json::Error>((self.tell)(request))
        };
        // A message that cannot be read now cannot be read later either, so it counts as consumed.
        let _ = self.client.process(&message, tell).await;
        if let Err(reason) = self.client.store_offset_from_message(&message) {
            warn!(%reason, "the customer may be told again");
        }
        None
    }

    /// The committed position of the group, or the end of the topic for a new group.
    fn find_start(&self) -> Result<TopicPartitionList> {
        let mut partitions = TopicPartitionList::new();
        let metadata = self.client.fetch_metadata(Some(TOPIC), LONGEST_ANSWER)?;
        for topic in metadata.topics() {
            for partition in topic.partitions() {
                partitions.add_partition(topic.name(), partition.id());
            }
        }
        ensure!(partitions.count() > 0, "there is no topic {TOPIC}");
        let start = self.client.committed_offsets(partitions, LONGEST_ANSWER)?;
        for (partition, end) in self.ends(&start, LONGEST_ANSWER)? {
            let mut partition = start.find_partition(TOPIC, partition);
            if let Some(partition) = partition.as_mut().filter(|one| raw(one.offset()).is_none()) {
                partition.set_offset(Offset::Offset(end))?;
            }
        }
        Ok(start)
    }

    fn find_end(&self) -> Result<Vec<(i32, i64)>> {
        self.ends(&self.start, LAST_ANSWER)
    }

    fn ends(&self, partitions: &TopicPartitionList, patience: Duration) -> Result<Vec<(i32, i64)>> {
        let mut ends = Vec::new();
        for partition in partitions.elements() {
            let partition = partition.partition();
            let (_, end) = self.client.fetch_watermarks(TOPIC, partition, patience)?;
            ends.push((partition, end));
        }
        Ok(ends)
    }

    fn has_read(&self, ends: &[(i32, i64)]) -> Result<bool> {
        let position = self.client.position()?;
        let next = |list: &TopicPartitionList, partition| {
            raw(list.find_partition(TOPIC, partition)?.offset())
        };
        Ok(ends.iter().all(|(partition, end)| {
            // A partition from which nothing was read has no position.
            let next = next(&position, *partition).or_else(|| next(&self.start, *partition));
            next.is_some_and(|next| next >= *end)
        }))
    }
}

/// Does not log the end of a partition, which is requested and no error.
#[derive(Debug)]
struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            warn!(%error, reason, "Kafka");
        }
    }
}

impl ConsumerContext for Quiet {}

fn raw(offset: Offset) -> Option<i64> {
    match offset {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

const LONGEST_ANSWER: Duration = Duration::from_secs(10);
/// At the end the broker may be gone, together with a killed parent.
const LAST_ANSWER: Duration = Duration::from_secs(1);
