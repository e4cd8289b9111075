package io.foretell.lab.bench;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link BenchServer} in a child process, with this process's Java options. Used by one thread. */
final class BenchProcess implements AutoCloseable {
    private static final Duration STOP = Duration.ofSeconds(30);

    private final Process process;
    private final BufferedReader lines;
    private final String url;
    private final String bootstrap;

    private BenchProcess(Process process) throws IOException {
        this.process = process;
        this.lines = process.inputReader(StandardCharsets.UTF_8);
        String[] ready = await(BenchServer.READY).split(" ");
        this.url = ready[0];
        this.bootstrap = ready[1];
    }

    /** Starts the process and returns when it serves requests. */
    static BenchProcess start(String mode, Path configuration) {
        List<String> command = JavaCommand.of(
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                BenchServer.class.getName(),
                List.of(mode, configuration.toString()));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                return new BenchProcess(process);
            } catch (IOException | RuntimeException e) {
                process.destroyForcibly();
                throw e;
            }
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.INTERNAL, "the server to be measured did not start: " + e, e);
        }
    }

    private String await(String prefix) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(prefix)) {
                return line.substring(prefix.length());
            }
        }
        throw new IOException("it ended early");
    }

    String url() {
        return url;
    }

    String bootstrap() {
        return bootstrap;
    }

    /** CPU time used since its start. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Its output until the run has finished. */
    List<String> finish() {
        List<String> said = lines.lines().toList();
        try {
            int status = process.waitFor();
            if (status != 0) {
                throw new IllegalStateException("the measured run ended with status " + status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return said;
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
