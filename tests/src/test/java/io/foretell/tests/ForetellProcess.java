package io.foretell.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A JVM started as a child on the class path of the tests, and what it prints. Closing it kills it. Thread-safe. */
final class ForetellProcess implements AutoCloseable {
    private static final Pattern URL = Pattern.compile("http://127\\.0\\.0\\.1:\\d+");
    private static final Pattern BOOTSTRAP = Pattern.compile("kafka (127\\.0\\.0\\.1:\\d+)");
    private static final Duration START = Duration.ofSeconds(90);

    private final Process process;
    private final String what;
    private final List<String> out = new ArrayList<>();
    private final List<String> err = new ArrayList<>();
    private final Thread[] readers;

    private ForetellProcess(Process process, String what) {
        this.process = process;
        this.what = what;
        this.readers = new Thread[] {read(process.getInputStream(), out), read(process.getErrorStream(), err)};
    }

    /** {@code foretell ARGUMENTS}. */
    static ForetellProcess foretell(Object... arguments) {
        List<String> texts = Arrays.stream(arguments).map(String::valueOf).toList();
        return java("io.foretell.launcher.Main", texts);
    }

    /** {@code foretell ARGUMENTS} with a temporary folder of its own. */
    static ForetellProcess foretellIn(Path temporary, Object... arguments) {
        List<String> texts = Arrays.stream(arguments).map(String::valueOf).toList();
        return java(List.of("-Djava.io.tmpdir=" + temporary), "io.foretell.launcher.Main", texts);
    }

    /** {@code foretell ARGUMENTS} with these environment variables. */
    static ForetellProcess foretellWith(Map<String, String> environment, Object... arguments) {
        List<String> texts = Arrays.stream(arguments).map(String::valueOf).toList();
        return java(List.of(), environment, "io.foretell.launcher.Main", texts);
    }

    static ForetellProcess java(String mainClass, List<String> arguments) {
        return java(List.of(), mainClass, arguments);
    }

    private static ForetellProcess java(List<String> options, String mainClass, List<String> arguments) {
        return java(options, Map.of(), mainClass, arguments);
    }

    private static ForetellProcess java(
            List<String> options, Map<String, String> environment, String mainClass, List<String> arguments) {
        // A build that runs in the background of a script ignores Ctrl-C, and its children would too.
        List<String> command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT",
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // the tests are short, so starting counts
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(options);
        command.add(mainClass);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().putAll(environment);
        try {
            return new ForetellProcess(builder.start(), mainClass + " " + String.join(" ", arguments));
        } catch (IOException e) {
            throw new IllegalStateException("cannot start " + command, e);
        }
    }

    private Thread read(InputStream stream, List<String> lines) {
        Thread thread = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    synchronized (this) {
                        lines.add(line);
                        notifyAll();
                    }
                }
            } catch (IOException e) {
                // a killed process closes its pipes
                return;
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    synchronized List<String> out() {
        return List.copyOf(out);
    }

    synchronized List<String> err() {
        return List.copyOf(err);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The first line of standard output that {@code wanted} accepts. */
    String awaitLine(Predicate<String> wanted, Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        synchronized (this) {
            while (true) {
                for (String line : out) {
                    if (wanted.test(line)) {
                        return line;
                    }
                }
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0 || !process.isAlive() && !readers[0].isAlive()) {
                    throw new AssertionError("the line did not come within " + deadline.toSeconds() + " s: " + this);
                }
                waitABit(Math.min(left, 200));
            }
        }
    }

    private synchronized void waitABit(long millis) {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + this, e);
        }
    }

    /** Where it answers over HTTP, once it says so. */
    String url() {
        Matcher matcher = URL.matcher(awaitLine(line -> URL.matcher(line).find(), START));
        if (!matcher.find()) {
            throw new AssertionError("no address: " + this);
        }
        return matcher.group();
    }

    /** The embedded broker's address, once it says so. */
    String bootstrap() {
        Matcher matcher =
                BOOTSTRAP.matcher(awaitLine(line -> BOOTSTRAP.matcher(line).find(), START));
        if (!matcher.find()) {
            throw new AssertionError("no broker: " + this);
        }
        return matcher.group(1);
    }

    int awaitExit(Duration deadline) {
        try {
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("it still runs after " + deadline.toSeconds() + " s: " + this);
            }
            for (Thread reader : readers) {
                reader.join(60_000);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + this, e);
        }
    }

    /** What Ctrl-C sends. */
    void interrupt() {
        try {
            Process kill = new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start();
            if (!kill.waitFor(60, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new AssertionError("kill -INT " + process.pid() + " failed");
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** {@code kill -9}, its children included. */
    void kill() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        awaitExit(Duration.ofSeconds(30));
    }

    @Override
    public void close() {
        kill();
    }

    @Override
    public synchronized String toString() {
        return what + (process.isAlive() ? " (running)" : " (ended with " + process.exitValue() + ")") + "\nout:\n"
                + String.join("\n", out) + "\nerr:\n" + String.join("\n", err);
    }
}
