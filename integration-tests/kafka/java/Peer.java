import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A service as any: what it knows of Kafka's tracing is the agent that it is started with. It sends
 * an order of its own, sends the order from Rust back, and ends when its own has come back.
 *
 * <p>Arguments: the brokers, the topic to read and the topic to write.
 */
final class Peer {
    public static void main(String[] arguments) throws Exception {
        var brokers = arguments[0];
        var inbox = arguments[1];
        var outbox = arguments[2];
        var text = new StringSerializer();
        try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", brokers), text, text);
                var consumer = consumer(brokers, inbox)) {
            order(producer, outbox);
            long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
            for (int seen = 0; seen < 2; ) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(seen + " of 2 messages have come");
                }
                for (ConsumerRecord<String, String> message : consumer.poll(Duration.ofSeconds(1))) {
                    var tenant = Baggage.current().getEntryValue("tenant");
                    Span.current().setAttribute("tenant", String.valueOf(tenant));
                    if (message.key().equals("rust")) {
                        producer.send(new ProducerRecord<>(outbox, message.key(), "{}")).get();
                    }
                    seen++;
                }
            }
        }
    }

    private static void order(KafkaProducer<String, String> producer, String topic)
            throws Exception {
        var order = GlobalOpenTelemetry.getTracer("peer").spanBuilder("order").startSpan();
        var baggage = Baggage.builder().put("tenant", "Müller & Söhne, 50 %").build();
        try (Scope span = order.makeCurrent();
                Scope both = baggage.makeCurrent()) {
            producer.send(new ProducerRecord<>(topic, "java", "{}")).get();
        } finally {
            order.end();
        }
    }

    private static KafkaConsumer<String, String> consumer(String brokers, String topic) {
        Map<String, Object> config =
                Map.of("bootstrap.servers", brokers, "group.id", topic, "auto.offset.reset", "earliest");
        var text = new StringDeserializer();
        var consumer = new KafkaConsumer<>(config, text, text);
        consumer.subscribe(List.of(topic));
        return consumer;
    }
}
