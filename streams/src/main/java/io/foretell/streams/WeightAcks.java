package io.foretell.streams;

import io.foretell.domain.WeightAck;
import io.foretell.platform.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who works with which version: acknowledgements in the topic of the announcements, under a key for each consumer, so
 * that compaction keeps the last. One is repeated every {@link #RENEWAL}, and a consumer not heard of for {@link
 * #FORGOTTEN} is taken for dead. Thread-safe.
 */
final class WeightAcks {
    static final Duration RENEWAL = Duration.ofSeconds(20);
    static final Duration FORGOTTEN = Duration.ofSeconds(90);
    private static final Logger log = LoggerFactory.getLogger(WeightAcks.class);
    private static final String KEY = "consumer/";

    private final String topic;
    private final RecordSender sender;
    private final Time time;
    private final Map<String, Heard> heard = new ConcurrentHashMap<>();
    private final Map<String, WeightAck> own = new ConcurrentHashMap<>();
    private volatile long renewed;

    private record Heard(WeightAck used, long at) {}

    WeightAcks(String topic, RecordSender sender, Time time) {
        this.topic = topic;
        this.sender = sender;
        this.time = time;
        this.renewed = time.nanos();
    }

    static boolean isOf(ConsumerRecord<byte[], byte[]> record) {
        return record.key() != null && new String(record.key(), StandardCharsets.UTF_8).startsWith(KEY);
    }

    void accept(ConsumerRecord<byte[], byte[]> record) {
        String consumer = new String(record.key(), StandardCharsets.UTF_8).substring(KEY.length());
        if (record.value() == null) {
            heard.remove(consumer);
            return;
        }
        try {
            WeightAck used = Codecs.policyInUse().decode(record.value());
            heard.put(consumer, new Heard(used, time.nanos()));
        } catch (UnreadableRecordException e) {
            log.error("an acknowledgement of {} is skipped: {}", consumer, e.getMessage());
        }
    }

    /** Sends the acknowledgement, and again every now and then; one that Kafka does not take is made up for by the next. */
    void acknowledge(WeightAck used) {
        own.compute(used.consumer(), (consumer, before) -> send(consumer, used));
    }

    /** The consumer works no more. */
    void withdraw(String consumer) {
        own.computeIfPresent(consumer, (name, last) -> send(name, null));
    }

    void renew() {
        long now = time.nanos();
        if (now - renewed >= RENEWAL.toNanos()) {
            renewed = now;
            own.keySet().forEach(consumer -> own.computeIfPresent(consumer, this::send));
        }
    }

    /* One at a time for each consumer, so that nothing overtakes its farewell. */
    private @Nullable WeightAck send(String consumer, @Nullable WeightAck used) {
        sender.send(
                        topic,
                        KEY + consumer,
                        used == null ? null : Codecs.policyInUse().encode(used))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        log.warn("an acknowledgement of {} was not sent: {}", consumer, failure.toString());
                    }
                });
        return used;
    }

    /** What the consumers that are alive work with, by their names. */
    List<WeightAck> inUse() {
        long now = time.nanos();
        heard.values().removeIf(each -> now - each.at() > FORGOTTEN.toNanos());
        return heard.values().stream()
                .map(Heard::used)
                .sorted(java.util.Comparator.comparing(WeightAck::consumer))
                .toList();
    }
}
