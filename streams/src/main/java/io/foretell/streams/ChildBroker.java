package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.JavaCommand;
import io.foretell.platform.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded broker in a child process, so that a broker that halts (a full disk) does not take this JVM with it. The
 * child ends when this is closed or when this JVM dies. Thread-safe.
 */
public final class ChildBroker implements Broker {
    private static final Logger log = LoggerFactory.getLogger(ChildBroker.class);
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(60);

    private final Process process;
    private final String bootstrap;
    private volatile boolean closing;

    private ChildBroker(Process process, String bootstrap) {
        this.process = process;
        this.bootstrap = bootstrap;
        process.onExit().thenAccept(ended -> {
            if (!closing) {
                log.error(
                        "the Kafka broker's process {} ended with status {}; restart the server to start it again",
                        ended.pid(),
                        ended.exitValue());
            }
        });
    }

    /**
     * Starts the child and waits until it serves.
     *
     * @throws ForetellException UNAVAILABLE when it ends or is silent for a minute; what it wrote is on standard error
     */
    public static ChildBroker start(Path folder) {
        List<String> command = JavaCommand.of(
                List.of("-Xmx512m", "-XX:+UseSerialGC"),
                BrokerMain.class.getName(),
                List.of(folder.toAbsolutePath().toString()));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new ChildBroker(process, awaitReady(process, folder));
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.UNAVAILABLE, "the Kafka broker's process cannot be started: " + e, e);
        }
    }

    private static String awaitReady(Process process, Path folder) {
        CompletableFuture<String> ready = new CompletableFuture<>();
        Thread reader = Threads.daemon("kafka-child-output", () -> read(process, ready));
        reader.start();
        try {
            return ready.get(START.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while the Kafka broker started", e);
        } catch (ExecutionException | TimeoutException e) {
            process.destroyForcibly();
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE,
                    "the Kafka broker's process on " + folder + " did not serve within " + START.toSeconds()
                            + " s; its last words are on standard error",
                    e);
        }
    }

    private static void read(Process process, CompletableFuture<String> ready) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(BrokerMain.READY)) {
                    ready.complete(line.substring(BrokerMain.READY.length()));
                } else {
                    log.debug("kafka child: {}", line);
                }
            }
        } catch (IOException e) {
            log.debug("the Kafka broker's output ended: {}", e.toString());
        }
        ready.completeExceptionally(new IOException("the process ended"));
    }

    @Override
    public String bootstrap() {
        return bootstrap;
    }

    /** The process, for tests that kill it. */
    Process process() {
        return process;
    }

    @Override
    public void close() {
        closing = true;
        try {
            process.getOutputStream().close();
            if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
                log.warn(
                        "the Kafka broker's process {} did not stop in {} s and is killed",
                        process.pid(),
                        STOP.toSeconds());
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroy();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
