package io.foretell.lab.chaos;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.JavaCommand;
import io.foretell.platform.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@code foretell} command in its own process, killed without warning. Used by one thread. */
final class ChaosProcess {
    private static final Duration GONE = Duration.ofSeconds(30);

    private final String name;
    private final Process process;
    private final Path log;

    private ChaosProcess(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /**
     * @param program class of the {@code foretell} command
     * @param log file for its output; must not exist yet
     */
    static ChaosProcess start(String program, String name, List<String> arguments, Path log) {
        // only the first compiler tier: the process is short-lived
        List<String> options = List.of("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
        List<String> command = JavaCommand.of(options, program, arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        try {
            Files.createDirectories(log.getParent());
            Process process = builder.start();
            Threads.atExit("kill-" + name, process::destroyForcibly);
            return new ChaosProcess(name, process, log);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.INTERNAL, name + " cannot be started: " + e, e);
        }
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Whether it exited by itself with status 0. */
    boolean isDone() {
        return !process.isAlive() && process.exitValue() == 0;
    }

    /** Sends SIGKILL; returns when the process has ended. */
    void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(GONE.toSeconds(), TimeUnit.SECONDS)) {
                throw new ForetellException(
                        ErrorCode.TIMEOUT, name + " lives " + GONE.toSeconds() + " s after SIGKILL");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while " + name + " was killed", e);
        }
    }

    /** Whether it has printed {@code text}. */
    boolean hasSaid(String text) {
        try {
            return Files.readString(log).contains(text);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return name + (process.isAlive() ? " (runs)" : " (ended with " + process.exitValue() + ")") + ", see " + log;
    }
}
