package io.foretell.lab.chaos;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The server under test: every role and the broker in a process of its own, or all of them in one. Both work on the same
 * run and the same broker's data. Used by one thread.
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
     * @param logs folder of what the processes print
     * @param port of the broker where it is a process of its own
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

    /** Kills them at once: all before any is waited for. */
    void kill(List<String> names) {
        names.forEach(name -> processes.get(name).kill());
    }

    /** Kills whatever still runs. */
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

    /** Starts again what ended by itself but should not have; what an operator's supervisor does. */
    void revive() {
        for (String name : names()) {
            ChaosProcess process = processes.get(name);
            if (!process.isAlive() && !process.isDone()) {
                revived++;
                start(name);
            }
        }
    }

    /** How often a process ended by itself and was started again. */
    int revived() {
        return revived;
    }

    boolean hasSaid(String name, String text) {
        return processes.get(name).hasSaid(text);
    }

    /** Whether the learner, or the one process, has finished the run. */
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
