package io.foretell.streams;

import io.foretell.platform.Time;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** One embedded broker for all tests of this JVM; every test uses a run name of its own. */
final class SharedBroker {
    private static final AtomicInteger RUNS = new AtomicInteger();
    private static EmbeddedBroker broker;

    private SharedBroker() {}

    static synchronized String bootstrap() {
        if (broker == null) {
            try {
                Path folder = Files.createTempDirectory("foretell-broker");
                broker = EmbeddedBroker.start(folder.resolve("kafka"));
                EmbeddedBroker started = broker;
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    started.close();
                    delete(folder);
                }));
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return broker.bootstrap();
    }

    /** Fresh topics. */
    static Topics run(int partitions) {
        Topics topics = new Topics("run" + RUNS.incrementAndGet() + "-" + Long.toHexString(System.nanoTime()));
        topics.ensure(bootstrap(), partitions, Time.system());
        return topics;
    }

    static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
