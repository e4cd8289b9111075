package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.management.JMException;
import javax.management.ObjectName;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a broker that was killed leaves behind: a registration that says it still leads its partitions, at its old
 * address.
 *
 * <p>Its successor believes that until the registration expires. A transaction that was being committed when the kill
 * came is then finished in the coordinator's log although its markers went nowhere, because a partition that loses its
 * leader meanwhile is taken for a deleted one; it stays open in the partitions, and nothing behind it is read again. So
 * the registration is ended first, by the controller alone, while there is no broker that could act on it. Pure
 * functions.
 */
final class KilledBroker {
    private static final Logger log = LoggerFactory.getLogger(KilledBroker.class);
    private static final String CLEAN_SHUTDOWN = ".kafka_cleanshutdown";
    private static final String META = "meta.properties";
    private static final Duration NEVER_REGISTERED = Duration.ofSeconds(30);
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private KilledBroker() {}

    /** Ends the registration of a broker on {@code folder} that was not shut down; does nothing after one that was. */
    static void retire(Path folder) {
        boolean hasServed = Files.exists(folder.resolve(META)) && Files.exists(folder.resolve("__cluster_metadata-0"));
        if (!hasServed || Files.exists(folder.resolve(CLEAN_SHUTDOWN))) {
            return;
        }
        log.info("the broker on {} was not shut down; its registration is ended first", folder);
        KafkaRaftServer controller = new KafkaRaftServer(
                KafkaConfig.fromProps(BrokerProperties.ofController(folder, EmbeddedBroker.freePort()), false),
                Time.SYSTEM);
        try {
            controller.startup();
            awaitRetired();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while the Kafka broker started", e);
        } catch (RuntimeException e) {
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, "the embedded Kafka broker on " + folder + " did not start: " + e, e);
        } finally {
            controller.shutdown();
            controller.awaitShutdown();
        }
    }

    private static void awaitRetired() throws InterruptedException {
        Duration waited = Duration.ZERO;
        while (count("ActiveBrokerCount") > 0 || count("FencedBrokerCount") == 0) {
            boolean isUnknown = count("ActiveBrokerCount") == 0; // killed before it ever registered
            if (waited.compareTo(isUnknown ? NEVER_REGISTERED : DEADLINE) > 0) {
                log.warn("the registration of the killed broker was not ended within {} s", waited.toSeconds());
                return;
            }
            Thread.sleep(LOOK_AGAIN.toMillis());
            waited = waited.plus(LOOK_AGAIN);
        }
    }

    private static long count(String figure) {
        try {
            Object value = ManagementFactory.getPlatformMBeanServer()
                    .getAttribute(new ObjectName("kafka.controller:type=KafkaController,name=" + figure), "Value");
            return value instanceof Number number ? number.longValue() : 0;
        } catch (JMException e) {
            return 0;
        }
    }
}
