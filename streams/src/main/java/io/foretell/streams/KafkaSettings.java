package io.foretell.streams;

import io.foretell.platform.Check;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code kafka} of the configuration.
 *
 * @param embedded "true": a broker in this JVM; "child": one in a child process; "false": an external cluster
 * @param bootstrap address of the external cluster; used only when {@code embedded} is "false"
 * @param partitions of the topics {@code tasks} and {@code rollouts}
 */
public record KafkaSettings(String embedded, @Nullable String bootstrap, int partitions) {
    public KafkaSettings {
        switch (embedded) {
            case "true", "child" -> {}
            case "false" -> {
                if (bootstrap == null || bootstrap.isBlank()) {
                    throw new IllegalArgumentException(
                            "kafka.embedded is false, so kafka.bootstrap must name the cluster, as in localhost:9092");
                }
            }
            default ->
                throw new IllegalArgumentException(
                        "kafka.embedded is '" + embedded + "' but must be true, child or false");
        }
        Check.that("kafka.partitions", partitions, partitions >= 1, "at least 1");
    }
}
