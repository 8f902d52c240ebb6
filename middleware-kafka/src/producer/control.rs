//! The methods of rdkafka's `Producer` besides sending.

use rdkafka::ClientContext;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaResult;
use rdkafka::producer::{Producer, PurgeConfig};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::{AsyncRuntime, Timeout};

use super::client::FutureClient;
use super::future::OtelProducer;

impl<C, R> OtelProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    /// Waits until all messages are delivered; see [`Producer::flush`].
    ///
    /// # Errors
    ///
    /// If the timeout expires, or if the producer can no longer be used.
    pub fn flush(&self, timeout: impl Into<Timeout>) -> KafkaResult<()> {
        match self.client() {
            FutureClient::Own(producer) => producer.flush(timeout),
            FutureClient::Given(producer) => producer.flush(timeout),
        }
    }

    /// Gives up messages that are not delivered; see [`Producer::purge`]. Their spans end with the
    /// error `_PURGE_QUEUE` or `_PURGE_INFLIGHT`.
    pub fn purge(&self, flags: PurgeConfig) {
        match self.client() {
            FutureClient::Own(producer) => producer.purge(flags),
            FutureClient::Given(producer) => producer.purge(flags),
        }
    }

    /// The number of messages that are queued or being delivered; see
    /// [`Producer::in_flight_count`].
    #[must_use]
    pub fn in_flight_count(&self) -> i32 {
        match self.client() {
            FutureClient::Own(producer) => producer.in_flight_count(),
            FutureClient::Given(producer) => producer.in_flight_count(),
        }
    }

    /// Makes the producer ready for transactions; see [`Producer::init_transactions`].
    ///
    /// # Errors
    ///
    /// If the time is up, or if the broker refuses.
    pub fn init_transactions(&self, timeout: impl Into<Timeout>) -> KafkaResult<()> {
        match self.client() {
            FutureClient::Own(producer) => producer.init_transactions(timeout),
            FutureClient::Given(producer) => producer.init_transactions(timeout),
        }
    }

    /// Begins a transaction; see [`Producer::begin_transaction`].
    ///
    /// # Errors
    ///
    /// If there is one already, or if the producer is not ready for transactions.
    pub fn begin_transaction(&self) -> KafkaResult<()> {
        match self.client() {
            FutureClient::Own(producer) => producer.begin_transaction(),
            FutureClient::Given(producer) => producer.begin_transaction(),
        }
    }

    /// Makes the commit of a consumer's offsets part of the transaction; see
    /// [`Producer::send_offsets_to_transaction`].
    ///
    /// # Errors
    ///
    /// If the time is up, or if the broker refuses.
    pub fn send_offsets_to_transaction(
        &self,
        offsets: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
        timeout: impl Into<Timeout>,
    ) -> KafkaResult<()> {
        match self.client() {
            FutureClient::Own(producer) => {
                producer.send_offsets_to_transaction(offsets, group, timeout)
            }
            FutureClient::Given(producer) => {
                producer.send_offsets_to_transaction(offsets, group, timeout)
            }
        }
    }

    /// Commits the transaction; see [`Producer::commit_transaction`].
    ///
    /// # Errors
    ///
    /// If the time is up, or if the broker refuses.
    pub fn commit_transaction(&self, timeout: impl Into<Timeout>) -> KafkaResult<()> {
        match self.client() {
            FutureClient::Own(producer) => producer.commit_transaction(timeout),
            FutureClient::Given(producer) => producer.commit_transaction(timeout),
        }
    }

    /// Aborts the transaction; see [`Producer::abort_transaction`]. The spans of messages that were
    /// delivered remain successful.
    ///
    /// # Errors
    ///
    /// If the time is up, or if the broker refuses.
    pub fn abort_transaction(&self, timeout: impl Into<Timeout>) -> KafkaResult<()> {
        match self.client() {
            FutureClient::Own(producer) => producer.abort_transaction(timeout),
            FutureClient::Given(producer) => producer.abort_transaction(timeout),
        }
    }
}
