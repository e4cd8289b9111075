package io.foretell.platform;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Command lines of child processes that use this process's Java and class path. Pure functions. */
public final class JavaCommand {
    private JavaCommand() {}

    /** The command line that starts {@code mainClass}. */
    public static List<String> of(List<String> jvmOptions, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(arguments);
        return command;
    }
}
