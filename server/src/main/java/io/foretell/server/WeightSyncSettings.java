package io.foretell.server;

import io.foretell.platform.Check;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code weight_sync} of the configuration: how workers get published weights. Immutable.
 *
 * @param transport auto, folder or http
 * @param learnerUrl such as http://host:8080, for the transport http
 * @param keepLast minimum number of published versions to keep
 * @param timeout limit for fetching a version, and for loading it
 */
record WeightSyncSettings(String transport, @Nullable String learnerUrl, int keepLast, Duration timeout) {
    WeightSyncSettings {
        boolean isTransport = List.of("auto", "folder", "http").contains(transport);
        Check.that("weight_sync.transport", transport, isTransport, "auto, folder or http");
        Check.that(
                "weight_sync.learner_url",
                learnerUrl,
                learnerUrl == null ? !transport.equals("http") : learnerUrl.matches("https?://[^/]+/?"),
                "the learner's address, such as http://host:8080, where weights come over HTTP");
        Check.that("weight_sync.keep_last", keepLast, keepLast >= 2, "at least 2");
        Check.that("weight_sync.timeout", timeout, timeout.toMillis() > 0, "above 0");
    }
}
