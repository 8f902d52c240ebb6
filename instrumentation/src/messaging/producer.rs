//! The operations of producers (`docs/messaging/messaging-spans.md`, "Producer spans").

use std::sync::{Arc, OnceLock};

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, InstrumentationScope};
use otel_propagation::MessageHeaders;

use super::creation_context::{carries_trace, creation_context, link};
use super::identity::Identity;
use super::operation_kind::{OperationKind, Subject};
use crate::config::{CreationContext, MessagingConfig, MessagingOptions};
use crate::facts::Message;
use crate::operation::{Convention, Injection, MessageOperation, Origin};
use crate::outcome::Messages;

/// The messaging convention for a producer, with one configuration. It is cheap to clone.
///
/// ```
/// use otel_instrumentation::{
///     Message, MessagingConfig, MessagingSystem, ProducerInstrumentation, instrumentation_scope,
/// };
/// use otel_propagation::MessageInjector;
///
/// let scope = instrumentation_scope("my-client", "1.0.0");
/// let config = MessagingConfig::new().system(MessagingSystem::new("nats")).server("nats", 4222);
/// let producer = ProducerInstrumentation::new(scope, config);
///
/// // Once for each message. Everything that implements `MessageHeaders` serves as headers.
/// let mut headers: Vec<(String, String)> = Vec::new();
/// let mut operation = producer.send(&Message::new("orders"), &headers);
/// operation.inject(&mut MessageInjector(&mut headers));
/// let sent: Result<(), &str> = Err("no responders"); // hand the message to the client
/// if let Err(message) = sent {
///     operation.fail("no_responders", message);
/// }
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct ProducerInstrumentation {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    kind: OperationKind,
    identity: Identity,
    options: MessagingOptions,
    /// Set once the propagator is known to carry the trace.
    carries_trace: OnceLock<()>,
}

impl ProducerInstrumentation {
    /// `scope` names the instrumentation, see
    /// [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: MessagingConfig) -> Self {
        let name = config.system.clone().unwrap_or_default().send;
        let shared = Shared {
            kind: OperationKind::new((Convention::Send, "send"), name, scope, &config),
            identity: Identity::producer(&config),
            options: config.options,
            carries_trace: OnceLock::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Starts the operation of sending a message, as a child of the current span. `headers` are the
    /// headers that the message has so far.
    ///
    /// Then call [`inject`](crate::Operation::inject), which writes the context into the headers.
    /// It does not change them if they have a creation context that is
    /// [kept](CreationContext::Keep), or if the configuration does not send the context. End the
    /// operation when the message is delivered or its delivery has failed.
    pub fn send(&self, message: &Message<'_>, headers: &impl MessageHeaders) -> MessageOperation {
        let Shared {
            kind,
            identity,
            options,
            ..
        } = &*self.shared;
        let providers = kind.instrumentation.resolved.providers();
        let mut created = None;
        let mut propagates = false;
        let origin = Origin::current(
            &kind.instrumentation,
            |base| {
                created = creation_context(providers, headers);
                let keeps = options.creation_context == CreationContext::Keep;
                let injection = match &created {
                    Some(_) if keeps => Injection::Nothing,
                    _ => injection(options, message, base),
                };
                propagates = !matches!(injection, Injection::Nothing);
                injection
            },
            || OperationKind::accepts(options, message),
        );
        let origin = match origin {
            Ok(origin) => origin,
            Err(unrecorded) => return MessageOperation::new(unrecorded),
        };
        let span_kind = match propagates && self.carries_trace() {
            true => SpanKind::Producer,
            false => SpanKind::Client,
        };
        let builder = SpanBuilder {
            span_kind: Some(span_kind),
            links: created.map(|created| vec![link(created, Vec::new())]),
            ..SpanBuilder::default()
        };
        let subject = Subject::one(message, Messages::Counted(1));
        kind.begin(identity, options, origin, &subject, builder)
    }

    /// Checked again while the answer is no, because a propagator may be set late.
    fn carries_trace(&self) -> bool {
        let Shared {
            kind,
            carries_trace: known,
            ..
        } = &*self.shared;
        if known.get().is_some() {
            return true;
        }
        let carries = carries_trace(kind.instrumentation.resolved.providers());
        if carries {
            known.get_or_init(|| ());
        }
        carries
    }
}

/// The parts of the current context that a message carries.
fn injection(options: &MessagingOptions, message: &Message<'_>, context: &Context) -> Injection {
    let propagates = options.propagate_to.as_ref();
    if propagates.is_some_and(|propagates| !propagates(message)) {
        return Injection::Nothing;
    }
    match &options.propagate_baggage {
        Some(accepts) => Injection::choose(context.baggage(), |name| accepts(message, name)),
        None => Injection::Everything,
    }
}
