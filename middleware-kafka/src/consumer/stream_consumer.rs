//! `StreamConsumer`, with the spans of its messages.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use otel_instrumentation::{
    ConsumerInstrumentation, Message as Facts, MessagingConfig, instrumentation_scope,
};
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{
    CommitMode, Consumer, ConsumerContext, DefaultConsumerContext, StreamConsumer,
};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::{AsyncRuntime, DefaultRuntime};
use rdkafka::{ClientConfig, Message};

use super::output::ProcessOutput;
use super::processing::Processing;
use super::receive::receive;
use super::stream::MessageStream;
use crate::facts;
use crate::headers::KafkaHeaders;

/// A [`StreamConsumer`] that processes messages in the traces that they come from. It is cheap to
/// clone.
///
/// All other methods, such as those for subscriptions, assignments and offsets, are those of the
/// [`StreamConsumer`] inside.
///
/// Create it from a configuration. It then knows everything about the client that the conventions
/// require:
///
/// ```no_run
/// use otel_middleware_kafka::OtelConsumer;
/// use rdkafka::consumer::{CommitMode, Consumer};
/// use rdkafka::{ClientConfig, Message};
///
/// # async fn example() -> Result<(), rdkafka::error::KafkaError> {
/// let mut config = ClientConfig::new();
/// config.set("bootstrap.servers", "kafka:9092").set("group.id", "notification");
/// let consumer: OtelConsumer = config.create()?;
/// consumer.subscribe(&["order.placed"])?;
/// loop {
///     let message = consumer.recv().await?;
///     let told = consumer.process(&message, async |message| tell(message.payload()).await).await;
///     if told.is_ok() {
///         consumer.commit_message(&message, CommitMode::Async)?;
///     }
/// }
/// # }
/// # async fn tell(_: Option<&[u8]>) -> Result<(), std::fmt::Error> { Ok(()) }
/// ```
#[must_use = "the consumer leaves its group when it is dropped"]
pub struct OtelConsumer<C = DefaultConsumerContext, R = DefaultRuntime>
where
    C: ConsumerContext,
{
    consumer: Arc<StreamConsumer<C, R>>,
    instrumentation: ConsumerInstrumentation,
    /// The identity of the client, from its configuration.
    identity: MessagingConfig,
}

impl<C, R> OtelConsumer<C, R>
where
    C: ConsumerContext + 'static,
{
    /// Wraps an existing consumer.
    ///
    /// A finished consumer cannot be asked for its brokers, its client id and its group; set them
    /// by [`with_config`](Self::with_config).
    pub fn new(consumer: impl Into<Arc<StreamConsumer<C, R>>>) -> Self {
        Self::with_identity(consumer.into(), MessagingConfig::new())
    }

    fn with_identity(consumer: Arc<StreamConsumer<C, R>>, identity: MessagingConfig) -> Self {
        Self {
            consumer,
            instrumentation: instrumentation(identity.clone()),
            identity,
        }
    }

    /// Uses this configuration for the telemetry. Settings of the broker and the client that it
    /// leaves out are kept. Default: [`MessagingConfig::new`].
    pub fn with_config(mut self, config: MessagingConfig) -> Self {
        self.instrumentation = instrumentation(config.or(self.identity.clone()));
        self
    }

    /// Waits for the next message, as [`StreamConsumer::recv`] does. If the future is dropped
    /// before there is a message, no message is lost, and there is no span.
    ///
    /// # Errors
    ///
    /// Those of [`StreamConsumer::recv`].
    pub async fn recv(&self) -> KafkaResult<BorrowedMessage<'_>> {
        let received = self.consumer.recv().await;
        receive(&self.instrumentation, &received);
        received
    }

    /// A stream of the messages, like [`StreamConsumer::stream`].
    pub fn stream(&self) -> MessageStream<'_, C> {
        MessageStream::new(self.consumer.stream(), &self.instrumentation)
    }

    /// Processes a message inside a span that belongs to the message's trace.
    ///
    /// The span begins with this call and ends with the future. If no local span is active, it is a
    /// child of the context in which the message was created, unless the configuration [says
    /// otherwise](MessagingConfig::continues). The context of the work has the message's baggage.
    /// The span is an error if the work returns `Err`, if it panics, or if it is dropped before its
    /// end.
    ///
    /// ```
    /// # async fn example(consumer: otel_middleware_kafka::OtelConsumer) {
    /// # use rdkafka::Message;
    /// let Ok(message) = consumer.recv().await else { return };
    /// consumer.process(&message, async |message| println!("{}", message.topic())).await;
    /// # }
    /// ```
    pub fn process<'a, M, F, W>(&self, message: &'a M, work: F) -> Processing<W>
    where
        M: Message,
        F: FnOnce(&'a M) -> W,
        W: Future,
        W::Output: ProcessOutput,
    {
        let headers = KafkaHeaders::new(message.headers());
        let facts = facts::received(message);
        let operation = self.instrumentation.process(&facts, &headers);
        Processing::begin(operation, || work(message))
    }

    /// Processes several messages at once, inside one span. The span is a child of the current span
    /// and links to the contexts in which the messages were created.
    pub fn process_batch<'a, M, F, W>(&self, messages: &'a [M], work: F) -> Processing<W>
    where
        M: Message,
        F: FnOnce(&'a [M]) -> W,
        W: Future,
        W::Output: ProcessOutput,
    {
        let headers: Vec<_> = messages
            .iter()
            .map(|message| KafkaHeaders::new(message.headers()))
            .collect();
        let facts = messages.iter().map(facts::received);
        let operation = self.instrumentation.process_batch(facts.zip(&headers));
        Processing::begin(operation, || work(messages))
    }

    /// Commits offsets; see [`Consumer::commit`]. The span of an asynchronous commit ends when the
    /// call returns.
    ///
    /// # Errors
    ///
    /// Those of [`Consumer::commit`].
    pub fn commit(&self, offsets: &TopicPartitionList, mode: CommitMode) -> KafkaResult<()> {
        let elements = offsets.elements();
        let common = elements.first().and_then(|first| {
            let is_same = |topic| first.topic() == topic;
            let all = elements.iter().all(|element| is_same(element.topic()));
            let only = (elements.len() == 1).then(|| first.partition());
            all.then(|| Facts::new(first.topic()).partition(only.and_then(facts::partition)))
        });
        self.committing(common.as_ref(), || self.consumer.commit(offsets, mode))
    }

    /// Commits the offset of the last received message of each partition; see
    /// [`Consumer::commit_consumer_state`].
    ///
    /// # Errors
    ///
    /// Those of [`Consumer::commit_consumer_state`].
    pub fn commit_consumer_state(&self, mode: CommitMode) -> KafkaResult<()> {
        self.committing(None, || self.consumer.commit_consumer_state(mode))
    }

    /// Commits a message and those before it; see [`Consumer::commit_message`].
    ///
    /// # Errors
    ///
    /// Those of [`Consumer::commit_message`].
    pub fn commit_message(
        &self,
        message: &BorrowedMessage<'_>,
        mode: CommitMode,
    ) -> KafkaResult<()> {
        let facts = Facts::new(message.topic())
            .partition(facts::partition(message.partition()))
            .offset(facts::offset(message.offset()));
        self.committing(Some(&facts), || self.consumer.commit_message(message, mode))
    }

    fn committing(
        &self,
        facts: Option<&Facts<'_>>,
        commit: impl FnOnce() -> KafkaResult<()>,
    ) -> KafkaResult<()> {
        let mut operation = self.instrumentation.settle(facts);
        let result = operation.run(commit);
        if let Err(error) = &result {
            facts::fail(&mut operation, error);
        }
        operation.finish();
        result
    }
}

impl<R: AsyncRuntime> FromClientConfig for OtelConsumer<DefaultConsumerContext, R> {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultConsumerContext)
    }
}

impl<C, R> FromClientConfigAndContext<C> for OtelConsumer<C, R>
where
    C: ConsumerContext + 'static,
    R: AsyncRuntime,
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let consumer = StreamConsumer::from_config_and_context(config, context)?;
        let identity = facts::identity(config);
        Ok(Self::with_identity(Arc::new(consumer), identity))
    }
}

impl<C: ConsumerContext, R> Clone for OtelConsumer<C, R> {
    fn clone(&self) -> Self {
        Self {
            consumer: self.consumer.clone(),
            instrumentation: self.instrumentation.clone(),
            identity: self.identity.clone(),
        }
    }
}

impl<C: ConsumerContext, R> Deref for OtelConsumer<C, R> {
    type Target = Arc<StreamConsumer<C, R>>;

    fn deref(&self) -> &Self::Target {
        &self.consumer
    }
}

impl<C: ConsumerContext, R> fmt::Debug for OtelConsumer<C, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelConsumer")
            .field("instrumentation", &self.instrumentation)
            .finish_non_exhaustive()
    }
}

fn instrumentation(config: MessagingConfig) -> ConsumerInstrumentation {
    let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    ConsumerInstrumentation::new(scope, config)
}
