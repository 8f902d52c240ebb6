//! The operations of consumers (`docs/messaging/messaging-spans.md`, "Consumer spans").

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Link, SpanBuilder};
use otel_propagation::{MessageExtractor, MessageHeaders};

use super::batch::Batch;
use super::creation_context::{creation_context, link};
use super::identity::Identity;
use super::operation_kind::{OperationKind, Subject};
use crate::config::{Continue, MessagingConfig, MessagingOptions};
use crate::facts::Message;
use crate::operation::{Convention, Creation, Injection, MessageOperation, Origin};
use crate::outcome::Messages;

/// The messaging convention for a consumer, with one configuration. It is cheap to clone.
///
/// ```
/// use otel_instrumentation::{
///     ConsumerInstrumentation, Message, MessagingConfig, instrumentation_scope,
/// };
///
/// let scope = instrumentation_scope("my-client", "1.0.0");
/// let consumer = ConsumerInstrumentation::new(scope, MessagingConfig::new().group("billing"));
///
/// let headers: Vec<(String, String)> = Vec::new();
/// let message = Message::new("orders").partition(0).offset(41);
/// let operation = consumer.process(&message, &headers);
/// operation.run(|| { /* work on the message, inside the span's context */ });
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct ConsumerInstrumentation {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    receive: OperationKind,
    process: OperationKind,
    settle: OperationKind,
    identity: Identity,
    options: MessagingOptions,
}

impl ConsumerInstrumentation {
    /// `scope` names the instrumentation, see
    /// [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: MessagingConfig) -> Self {
        let names = config.system.clone().unwrap_or_default();
        let kind = |convention, name, scope| OperationKind::new(convention, name, scope, &config);
        let shared = Shared {
            receive: kind(
                (Convention::Receive, "receive"),
                names.receive,
                scope.clone(),
            ),
            process: kind(
                (Convention::Process, "process"),
                names.process,
                scope.clone(),
            ),
            settle: kind((Convention::Settle, "settle"), names.settle, scope),
            identity: Identity::consumer(&config),
            options: config.options,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// True if receiving is recorded. If not, you need not collect the facts for it.
    #[must_use]
    pub fn receives(&self) -> bool {
        self.shared.options.receives
    }

    /// Starts the operation of receiving a message that has arrived. It links to the message's
    /// creation context. This does nothing unless [`receives`](MessagingConfig::receives) is on.
    pub fn receive(
        &self,
        message: &Message<'_>,
        headers: &impl MessageHeaders,
    ) -> MessageOperation {
        let Shared {
            receive, options, ..
        } = &*self.shared;
        let begun = || OperationKind::accepts(options, message);
        let Some(origin) = self.receiving(begun) else {
            return MessageOperation::default();
        };
        let created = creation_context(receive.instrumentation.resolved.providers(), headers);
        let links = created.map(|created| vec![link(created, Vec::new())]);
        let subject = Subject::one(message, Messages::Counted(1));
        self.received(origin, &subject, links)
    }

    /// The same as [`receive`](Self::receive), for an API that returns several messages at once.
    pub fn receive_batch<'a, 'h, H: MessageHeaders + 'h>(
        &self,
        messages: impl IntoIterator<Item = (Message<'a>, &'h H)>,
    ) -> MessageOperation {
        let Shared {
            receive,
            identity,
            options,
            ..
        } = &*self.shared;
        let providers = receive.instrumentation.resolved.providers();
        let mut batch = None;
        let origin = self.receiving(|| {
            let batch = batch.insert(Batch::of(providers, messages));
            OperationKind::accepts(options, &batch.subject(Messages::Counted).shown)
        });
        let (Some(origin), Some(batch)) = (origin, batch) else {
            return MessageOperation::default();
        };
        let subject = batch.subject(Messages::Counted);
        self.received(origin, &subject, Some(batch.links(identity, options)))
    }

    /// Starts the operation of a receive that failed before there was a message. This does nothing
    /// unless [`receives`](MessagingConfig::receives) is on.
    pub fn receive_failed(&self) -> MessageOperation {
        let Some(origin) = self.receiving(|| true) else {
            return MessageOperation::default();
        };
        let subject = Subject::one(&Message::new(""), Messages::Uncounted);
        self.received(origin, &subject, None)
    }

    /// Starts the operation of processing a message.
    ///
    /// If no local span is active, it is a child of the message's creation context, unless the
    /// configuration [says otherwise](MessagingConfig::continues). Otherwise it links to that
    /// context. The context of the operation has the message's baggage.
    pub fn process(
        &self,
        message: &Message<'_>,
        headers: &impl MessageHeaders,
    ) -> MessageOperation {
        let Shared {
            process,
            identity,
            options,
            ..
        } = &*self.shared;
        let Creation {
            origin,
            link: created,
        } = Creation::of(
            &process.instrumentation,
            &MessageExtractor(headers),
            options.continues == Continue::Child,
            || OperationKind::accepts(options, message),
        );
        let origin = match origin {
            Ok(origin) => origin,
            Err(unrecorded) => return MessageOperation::new(unrecorded),
        };
        let builder = SpanBuilder {
            links: created.map(|created| vec![link(created, Vec::new())]),
            ..Convention::Process.span()
        };
        let subject = Subject::one(message, self.worked_on(1));
        process.begin(identity, options, origin, &subject, builder)
    }

    /// Starts the operation of processing several messages at once, as a child of the current span.
    /// It links to their creation contexts.
    pub fn process_batch<'a, 'h, H: MessageHeaders + 'h>(
        &self,
        messages: impl IntoIterator<Item = (Message<'a>, &'h H)>,
    ) -> MessageOperation {
        let Shared {
            process,
            identity,
            options,
            ..
        } = &*self.shared;
        let providers = process.instrumentation.resolved.providers();
        let mut batch = None;
        let origin = Origin::current(
            &process.instrumentation,
            |_| Injection::Everything,
            || {
                let batch = batch.insert(Batch::of(providers, messages));
                OperationKind::accepts(options, &batch.subject(Messages::Counted).shown)
            },
        );
        let (origin, batch) = match (origin, batch) {
            (Ok(origin), Some(batch)) => (origin, batch),
            (Err(unrecorded), _) => return MessageOperation::new(unrecorded),
            (Ok(_), None) => return MessageOperation::default(),
        };
        let subject = batch.subject(|count| self.worked_on(count));
        let builder = Convention::Process
            .span()
            .with_links(batch.links(identity, options));
        process.begin(identity, options, origin, &subject, builder)
    }

    /// Starts the operation of acknowledging messages to the broker, as a child of the current
    /// span. For a single message, `message` is that one. For several messages, it has the facts
    /// that they share.
    pub fn settle(&self, message: Option<&Message<'_>>) -> MessageOperation {
        let Shared {
            settle,
            identity,
            options,
            ..
        } = &*self.shared;
        let nothing = Message::new("");
        let message = message.unwrap_or(&nothing);
        let origin = Origin::current(
            &settle.instrumentation,
            |_| Injection::Nothing,
            || OperationKind::accepts(options, message),
        );
        match origin {
            Ok(origin) => {
                let subject = Subject::one(message, Messages::Uncounted);
                let builder = Convention::Settle.span();
                settle.begin(identity, options, origin, &subject, builder)
            }
            Err(unrecorded) => MessageOperation::new(unrecorded),
        }
    }

    /// The origin of a receive, if receives are recorded.
    fn receiving(&self, accepts: impl FnOnce() -> bool) -> Option<Origin> {
        let Shared {
            receive, options, ..
        } = &*self.shared;
        if !options.receives {
            return None;
        }
        Origin::current(&receive.instrumentation, |_| Injection::Nothing, accepts).ok()
    }

    fn received(
        &self,
        origin: Origin,
        subject: &Subject<'_>,
        links: Option<Vec<Link>>,
    ) -> MessageOperation {
        let Shared {
            receive,
            identity,
            options,
            ..
        } = &*self.shared;
        let builder = SpanBuilder {
            links,
            ..Convention::Receive.span()
        };
        receive.begin(identity, options, origin, subject, builder)
    }

    /// Counts the messages here, unless they are counted when they are received.
    fn worked_on(&self, count: u64) -> Messages {
        match self.shared.options.receives {
            true => Messages::Uncounted,
            false => Messages::Counted(count),
        }
    }
}
