package io.foretell.streams;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.Document;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Time;
import io.foretell.sources.DocumentParser;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * The way of a document onto its topic. At most so many documents and bytes are under way at a time; one more fails at
 * once instead of waiting, so it is safe on event loops. Thread-safe.
 */
public final class DocumentGateway implements AutoCloseable {
    public static final int MAX_IN_FLIGHT = 8192;
    public static final long MAX_IN_FLIGHT_BYTES = 64L * 1024 * 1024;
    private static final Duration WARM_UP = Duration.ofSeconds(30);
    private static final Duration MIN_PAUSE = Duration.ofMillis(10);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE = Duration.ofSeconds(20);

    private final String topic;
    private final Producer<byte[], byte[]> producer;
    private final int maxRecords;
    private final long maxBytes;
    private final AtomicInteger records = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong acknowledgedEnd = new AtomicLong();

    public DocumentGateway(String bootstrap, Topics topics, Time time) {
        this(bootstrap, topics, MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES, time);
    }

    /** Looks the topic up before it returns, so that no later call waits for that. */
    public DocumentGateway(String bootstrap, Topics topics, int maxRecords, long maxBytes, Time time) {
        this.topic = topics.documents();
        this.maxRecords = maxRecords;
        this.maxBytes = maxBytes;
        Map<String, Object> config = Clients.producing(bootstrap);
        // For speed: its partition is served since the topic was made.
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 5);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 5);
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, 512 * 1024);
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, maxBytes * 2 + 32L * 1024 * 1024);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 20_000);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 50);
        config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, 24 * 3600 * 1000);
        this.producer = Clients.producer(config);
        warmUp(time);
    }

    private void warmUp(Time time) {
        try {
            new RetryUntil(time, WARM_UP, MIN_PAUSE, MAX_PAUSE)
                    .call(
                            "looking up the topic " + topic,
                            () -> producer.partitionsFor(topic),
                            KafkaException.class::isInstance);
        } catch (KafkaException | ForetellException e) {
            producer.close(Duration.ZERO);
            throw new ForetellException(ErrorCode.UNAVAILABLE, "the topic " + topic + " cannot be looked up: " + e, e);
        }
    }

    /**
     * Sends a document.
     *
     * @return completed when Kafka has acknowledged it; failed with a {@link ForetellException}: TOO_MANY_REQUESTS when
     *     too much is under way, UNAVAILABLE when Kafka does not take it (it may have, so repeat it under the same id)
     */
    public CompletableFuture<Void> accept(Document document) {
        return accept(document.id(), json(document));
    }

    /** Sends a document as its producer wrote it, where cleaning changed nothing. */
    CompletableFuture<Void> accept(DocumentParser.Parsed parsed, byte[] written) {
        return accept(parsed.document().id(), parsed.isUnchanged() ? written : json(parsed.document()));
    }

    private CompletableFuture<Void> accept(String id, byte[] json) {
        int size = json.length;
        if (records.incrementAndGet() > maxRecords) {
            records.decrementAndGet();
            return full();
        }
        if (bytes.addAndGet(size) > Math.max(maxBytes, size)) {
            give(size);
            return full();
        }
        CompletableFuture<Void> acknowledged = new CompletableFuture<>();
        try {
            producer.send(
                    new ProducerRecord<>(topic, id.getBytes(StandardCharsets.UTF_8), json), (metadata, failure) -> {
                        if (failure == null) { // before it is no longer in flight, so that it always counts
                            acknowledgedEnd.accumulateAndGet(metadata.offset() + 1, Math::max);
                        }
                        give(size);
                        if (failure == null) {
                            acknowledged.complete(null);
                        } else {
                            acknowledged.completeExceptionally(unavailable(failure));
                        }
                    });
        } catch (KafkaException | IllegalStateException e) {
            give(size);
            acknowledged.completeExceptionally(unavailable(e));
        }
        return acknowledged;
    }

    private void give(int size) {
        records.decrementAndGet();
        bytes.addAndGet(-size);
    }

    private CompletableFuture<Void> full() {
        return CompletableFuture.failedFuture(new ForetellException(
                ErrorCode.TOO_MANY_REQUESTS,
                "too many documents are on their way to Kafka; send this one again in a second"));
    }

    /** Whether {@code sent} was refused because too much is under way. */
    static boolean isFull(CompletableFuture<Void> sent) {
        if (!sent.isCompletedExceptionally()) {
            return false;
        }
        try {
            sent.getNow(null);
            return false;
        } catch (CompletionException e) {
            return e.getCause() instanceof ForetellException known && known.code() == ErrorCode.TOO_MANY_REQUESTS;
        }
    }

    private static ForetellException unavailable(Exception cause) {
        return new ForetellException(
                ErrorCode.UNAVAILABLE,
                "Kafka did not acknowledge the document; send it again, under the same id it is stored once",
                cause);
    }

    static byte[] json(Document document) {
        ObjectNode node = Json.mapper().createObjectNode();
        node.put("id", document.id()).put("text", document.text());
        if (!document.domain().isEmpty()) {
            node.put("domain", document.domain());
        }
        if (!document.meta().isEmpty()) {
            ObjectNode meta = node.putObject("meta");
            document.meta().forEach(meta::put);
        }
        try {
            return Json.mapper().writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("document " + document.id() + " cannot be written as JSON", e);
        }
    }

    /** Offset behind the last document acknowledged to this gateway; 0 before the first. */
    public long acknowledgedEnd() {
        return acknowledgedEnd.get();
    }

    /** Documents sent and not acknowledged yet. */
    public int inFlight() {
        return records.get();
    }

    /** Waits a while for what is under way. */
    @Override
    public void close() {
        producer.close(CLOSE);
    }
}
