//! An endless stream of messages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use otel_instrumentation::ConsumerInstrumentation;
use pin_project::pin_project;
use rdkafka::consumer::{ConsumerContext, MessageStream as KafkaStream};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;

use super::receive::receive;

/// The messages of an [`OtelConsumer`](super::OtelConsumer), like rdkafka's stream of that name.
///
/// The stream does not record the work on its messages, because it cannot know how long that takes.
/// Pass each message to [`process`](super::OtelConsumer::process).
#[pin_project]
#[must_use = "a stream does nothing unless it is polled"]
pub struct MessageStream<'a, C>
where
    C: ConsumerContext + 'static,
{
    #[pin]
    messages: KafkaStream<'a, C>,
    instrumentation: &'a ConsumerInstrumentation,
}

impl<'a, C: ConsumerContext> MessageStream<'a, C> {
    pub(super) fn new(
        messages: KafkaStream<'a, C>,
        instrumentation: &'a ConsumerInstrumentation,
    ) -> Self {
        Self {
            messages,
            instrumentation,
        }
    }
}

impl<'a, C: ConsumerContext> Stream for MessageStream<'a, C> {
    type Item = KafkaResult<BorrowedMessage<'a>>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let received = ready!(this.messages.poll_next(task));
        if let Some(received) = &received {
            receive(this.instrumentation, received);
        }
        Poll::Ready(received)
    }
}

impl<C: ConsumerContext> fmt::Debug for MessageStream<'_, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageStream")
            .field("instrumentation", &self.instrumentation)
            .finish_non_exhaustive()
    }
}
