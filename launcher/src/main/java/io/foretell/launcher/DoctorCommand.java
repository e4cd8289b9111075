package io.foretell.launcher;

import io.foretell.platform.AtomicFiles;
import io.foretell.server.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code foretell doctor}: checks what works on this machine, and says how to fix the rest. */
@Command(
        name = "doctor",
        description = {
            "Check that everything Foretell needs works on this machine: Java, the native engine, disk, memory, ports,"
                    + " the embedded Kafka, RocksDB.",
            "Each line begins with ok or !!, and says what to do."
        },
        footer = {"", "Example: ./foretell doctor", "Exit code: 1 when something needed does not work."},
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where runs will live (${DEFAULT-VALUE}).")
    private Path runDir;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Port that should be free (${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws IOException {
        Path scratch = Files.createTempDirectory("foretell-doctor");
        int failed = 0;
        try {
            for (DoctorChecks.Check check : new DoctorChecks(runDir, port, scratch).all()) {
                failed += passes(check) || !check.isNeeded() ? 0 : 1;
            }
        } finally {
            AtomicFiles.deleteFolder(scratch);
        }
        Console.say(failed == 0 ? "everything needed works" : failed + " needed thing(s) do not work");
        return failed == 0 ? 0 : 1;
    }

    private static boolean passes(DoctorChecks.Check check) {
        try {
            Console.say("ok  " + check.name() + ": " + check.work().call());
            return true;
        } catch (Exception | LinkageError e) {
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            Console.say("!!  " + check.name() + ": " + reason + "; " + check.remedy());
            return false;
        }
    }
}
