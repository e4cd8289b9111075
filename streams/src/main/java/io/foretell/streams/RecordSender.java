package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** Writes records that count only when the broker has acknowledged them. Thread-safe. */
public final class RecordSender implements AutoCloseable {
    private static final Duration CLOSE = Duration.ofSeconds(10);

    private final Producer<byte[], byte[]> producer;

    public RecordSender(String bootstrap) {
        this.producer = Clients.producer(Clients.producing(bootstrap));
    }

    /**
     * Sends a record, with null for a key that is over; may block while the topic is looked up or the buffer is full.
     *
     * @return completed after the acknowledgement, or failed with a {@link ForetellException}
     */
    public CompletableFuture<Void> send(String topic, String key, byte @Nullable [] value) {
        return send(topic, key, value, Map.of());
    }

    /** Like {@link #send(String, String, byte[])}, with headers. */
    public CompletableFuture<Void> send(
            String topic, String key, byte @Nullable [] value, Map<String, String> headers) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value);
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        return send(record);
    }

    CompletableFuture<Void> send(ProducerRecord<byte[], byte[]> record) {
        CompletableFuture<Void> acknowledged = new CompletableFuture<>();
        try {
            producer.send(record, (metadata, failure) -> {
                if (failure == null) {
                    acknowledged.complete(null);
                } else {
                    acknowledged.completeExceptionally(failed(record.topic(), failure));
                }
            });
        } catch (KafkaException | IllegalStateException e) {
            acknowledged.completeExceptionally(failed(record.topic(), e));
        }
        return acknowledged;
    }

    private static ForetellException failed(String topic, Exception cause) {
        return new ForetellException(
                ErrorCode.UNAVAILABLE, "a record for " + topic + " was not acknowledged by Kafka: " + cause, cause);
    }

    /** Waits until everything sent so far is acknowledged or has failed. */
    public void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close(CLOSE);
    }
}
