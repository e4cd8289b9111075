package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka clients with the settings that all of this module shares, and waits that end. Thread-safe. */
final class Clients {
    static final int MAX_REQUEST_BYTES = BrokerProperties.MAX_MESSAGE_BYTES - 64 * 1024;

    private Clients() {}

    static Admin admin(String bootstrap, Duration deadline) {
        Map<String, Object> config = base(bootstrap);
        config.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) deadline.toMillis());
        config.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, (int) Math.min(10_000, deadline.toMillis()));
        return made(() -> Admin.create(config), config);
    }

    /**
     * Settings of every producer: nothing is acknowledged before the broker has it, nothing is written twice. One request
     * is under way at a time: where a broker does not serve a partition yet and refuses the first of two, it takes the
     * second, and then refuses the first for good (KAFKA-15591).
     */
    static Map<String, Object> producing(String bootstrap) {
        Map<String, Object> config = base(bootstrap);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_REQUEST_BYTES);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 60_000);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 1);
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 * 1024);
        return config;
    }

    static KafkaProducer<byte[], byte[]> producer(Map<String, Object> config) {
        return made(() -> new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()), config);
    }

    /** Settings of every plain consumer: assigned by hand, nothing committed behind our back. */
    static Map<String, Object> consuming(String bootstrap) {
        Map<String, Object> config = base(bootstrap);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 8 * 1024 * 1024);
        config.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 30_000);
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return config;
    }

    static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> config) {
        return made(
                () -> new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()), config);
    }

    private static <T> T made(Supplier<T> client, Map<String, Object> config) {
        try {
            return client.get();
        } catch (KafkaException e) {
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE,
                    "no client for the Kafka at " + config.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG) + ": "
                            + (e.getCause() == null ? e : e.getCause()).getMessage(),
                    e);
        }
    }

    private static Map<String, Object> base(String bootstrap) {
        Map<String, Object> config = new HashMap<>();
        config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(CommonClientConfigs.RETRY_BACKOFF_MS_CONFIG, 20);
        config.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 20);
        config.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
        return config;
    }

    /**
     * The result of {@code future}.
     *
     * @throws ForetellException TIMEOUT after {@code deadline}, UNAVAILABLE when Kafka refuses
     */
    static <T> T await(Future<T> future, Duration deadline, String what) {
        try {
            return future.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while Kafka was asked for " + what, e);
        } catch (TimeoutException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT, "Kafka did not answer within " + deadline.toMillis() + " ms about " + what, e);
        } catch (ExecutionException e) {
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, "Kafka refused " + what + ": " + e.getCause(), e.getCause());
        }
    }

    /** Like {@link #await}, but content when somebody else was faster. */
    static void awaitCreated(Future<Void> created, Duration deadline, String topic) {
        try {
            await(created, deadline, "the topic " + topic);
        } catch (ForetellException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }
}
