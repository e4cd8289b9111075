package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/** Somebody else's cluster, verified to answer. Immutable. */
record ExternalBroker(String bootstrap) implements Broker {
    static ExternalBroker reach(String bootstrap, Duration deadline) {
        Map<String, Object> config = Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                (int) deadline.toMillis(),
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                (int) deadline.toMillis());
        try (Admin admin = Admin.create(config)) {
            admin.describeCluster().nodes().get(deadline.toMillis(), TimeUnit.MILLISECONDS);
            return new ExternalBroker(bootstrap);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unreachable(bootstrap, deadline, e);
        } catch (Exception e) {
            throw unreachable(bootstrap, deadline, e);
        }
    }

    private static ForetellException unreachable(String bootstrap, Duration deadline, Exception cause) {
        return new ForetellException(
                ErrorCode.UNAVAILABLE,
                "Kafka at " + bootstrap + " did not answer within " + deadline.toSeconds()
                        + " s; check kafka.bootstrap and that the broker runs",
                cause);
    }

    @Override
    public void close() {}
}
