package io.foretell.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;

/** Runs a command as a shell would, and keeps what it prints. One at a time: the streams are the process's. */
final class Commands {
    /** The exit status, standard output and standard error. */
    record Outcome(int status, String out, String err) {
        JsonNode json() throws IOException {
            return Json.mapper().readTree(out);
        }
    }

    private Commands() {}

    static synchronized Outcome run(String... args) {
        PrintStream outBefore = System.out;
        PrintStream errBefore = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        StringWriter usage = new StringWriter();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            int status = Main.commandLine()
                    .setOut(new PrintWriter(usage, true))
                    .setErr(new PrintWriter(usage, true))
                    .execute(args);
            return new Outcome(
                    status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8) + usage);
        } finally {
            System.setOut(outBefore);
            System.setErr(errBefore);
        }
    }
}
