package io.foretell.lab.chaos;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The server under test: every role and the broker in its own process, or all in one. Both use the same run and the
 * same broker data. Used by one thread.
 */
final class ChaosServer implements AutoCloseable {
    static final String BROKER = "broker";
    static final String LEARNER = "learner";
    static final String ALL_IN_ONE = "up";
    static final List<String> APART = List.of(BROKER, LEARNER, "reward", "rollout", "streams");

    private final String program;
    private final Path config;
    private final Path runFolder;
    private final Path logs;
    private final int port;
    private final Map<String, ChaosProcess> processes = new LinkedHashMap<>();
    private int started;
    private int revived;

    /**
     * @param program class of the {@code foretell} command
     * @param logs folder for the output of the processes
     * @param port port of the broker if it runs in its own process
     */
    ChaosServer(String program, Path config, Path runFolder, Path logs, int port) {
        this.program = program;
        this.config = config;
        this.runFolder = runFolder;
        this.logs = logs;
        this.port = port;
    }

    void start(String name) {
        processes.put(
                name,
                ChaosProcess.start(
                        program, name, arguments(name), logs.resolve(String.format("%03d-%s.log", ++started, name))));
    }

    private List<String> arguments(String name) {
        if (name.equals(BROKER)) {
            return List.of(BROKER, runFolder.toString(), "--port", String.valueOf(port));
        }
        List<String> arguments = new ArrayList<>(List.of(name, "-c", config.toString()));
        if (!name.equals(ALL_IN_ONE)) {
            arguments.addAll(List.of("--set", "kafka.embedded=false", "--set", "kafka.bootstrap=127.0.0.1:" + port));
        }
        return arguments;
    }

    /** Kills them at the same moment: signals all before waiting for any. */
    void kill(List<String> names) {
        names.forEach(name -> processes.get(name).kill());
    }

    /** Kills all running processes. */
    @Override
    public void close() {
        processes.values().forEach(ChaosProcess::kill);
    }

    List<String> names() {
        return List.copyOf(processes.keySet());
    }

    void forgetAll() {
        processes.clear();
    }

    /** Restarts processes that ended unexpectedly, as an operator's supervisor would. */
    void revive() {
        for (String name : names()) {
            ChaosProcess process = processes.get(name);
            if (!process.isAlive() && !process.isDone()) {
                revived++;
                start(name);
            }
        }
    }

    /** Number of restarts after a process ended by itself. */
    int revived() {
        return revived;
    }

    boolean hasSaid(String name, String text) {
        return processes.get(name).hasSaid(text);
    }

    /** Whether the learner, or the all-in-one process, has finished the run. */
    boolean isDone() {
        return processes.values().stream()
                .anyMatch(process ->
                        (process.name().equals(LEARNER) || process.name().equals(ALL_IN_ONE)) && process.isDone());
    }

    @Override
    public String toString() {
        return String.join(
                "; ", processes.values().stream().map(String::valueOf).toList());
    }
}
