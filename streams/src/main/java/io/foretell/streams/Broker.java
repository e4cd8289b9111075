package io.foretell.streams;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/** A Kafka broker that is there for as long as this is open. Implementations are thread-safe. */
public interface Broker extends AutoCloseable {
    /** What clients connect to. */
    String bootstrap();

    /** Stops a broker of our own; leaves an external one alone. */
    @Override
    void close();

    /**
     * The broker that {@code settings} ask for, started or verified to be reachable.
     *
     * @param folder data of an embedded broker
     * @throws io.foretell.platform.ForetellException STORAGE when the folder is in use or full, UNAVAILABLE when the
     *     broker cannot be started or reached
     */
    static Broker start(KafkaSettings settings, Path folder) {
        return switch (settings.embedded()) {
            case "true" -> EmbeddedBroker.start(folder);
            case "child" -> ChildBroker.start(folder);
            default ->
                ExternalBroker.reach(Objects.requireNonNull(settings.bootstrap(), "bootstrap"), Duration.ofSeconds(30));
        };
    }
}
