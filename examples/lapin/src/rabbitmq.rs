//! The messaging conventions with `RabbitMQ`'s terms.

use otel_instrumentation::{
    ConsumerInstrumentation, MessagingConfig, MessagingSystem, ProducerInstrumentation,
    instrumentation_scope,
};

/// `RabbitMQ` calls sending a message "publish".
pub(crate) fn config() -> MessagingConfig {
    MessagingConfig::new().system(MessagingSystem::new("rabbitmq").send("publish"))
}

pub(crate) fn instrumentations(
    config: MessagingConfig,
) -> (ProducerInstrumentation, ConsumerInstrumentation) {
    let scope = || instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    (
        ProducerInstrumentation::new(scope(), config.clone()),
        ConsumerInstrumentation::new(scope(), config),
    )
}

#[cfg(test)]
mod tests {
    use lapin::BasicProperties;
    use lapin::types::AMQPValue;
    use otel_instrumentation::Message;
    use otel_instrumentation::testing::Capture;
    use otel_propagation::MessageInjector;

    use super::*;
    use crate::headers::Headers;

    /// Uses only the properties of a message, so no broker is needed.
    #[test]
    fn message_is_worked_on_in_the_trace_of_its_sending() {
        let capture = Capture::new();
        let (producer, consumer) = instrumentations(config().providers(capture.providers()));
        let mut headers = Headers::default();
        headers.0.insert("retries".into(), AMQPValue::LongInt(3));
        let operation = producer.send(&Message::new("orders"), &headers);
        operation.inject(&mut MessageInjector(&mut headers));
        operation.finish();
        let properties = BasicProperties::default().with_headers(headers.0);

        let headers = Headers::of(&properties);
        assert_eq!(
            headers.0.inner().get("retries"),
            Some(&AMQPValue::LongInt(3))
        );
        let message = Message::new("orders");
        consumer.process(&message, &headers).finish();
        let spans = capture.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["publish orders", "process orders"]);
        let [sent, worked_on] = &spans[..] else {
            panic!("{spans:#?}");
        };
        assert_eq!(worked_on.parent_span_id, sent.span_context.span_id());
    }
}
