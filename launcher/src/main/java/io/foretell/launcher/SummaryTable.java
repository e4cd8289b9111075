package io.foretell.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import io.foretell.server.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The small table at the end of a run. Pure functions. */
final class SummaryTable {
    private SummaryTable() {}

    static void print(Path file) {
        try {
            JsonNode summary = Json.mapper().readTree(Files.readAllBytes(file));
            JsonNode before = summary.path("heldout").path("before");
            JsonNode after = summary.path("heldout").path("after");
            Console.say("");
            Console.say(String.format(Locale.ROOT, "%-28s %10s %10s %10s", "held out", "before", "after", "change"));
            after.fieldNames()
                    .forEachRemaining(name -> Console.say(String.format(
                            Locale.ROOT,
                            "%-28s %10.4f %10.4f %+10.4f",
                            name,
                            before.path(name).asDouble(),
                            after.path(name).asDouble(),
                            after.path(name).asDouble() - before.path(name).asDouble())));
            Console.say("");
            Console.say(summary.path("steps").asLong() + " steps in "
                    + Math.round(summary.path("wall_time_s").path("step").asDouble()) + " s; written to " + file);
        } catch (IOException e) {
            Console.warn("there is no summary " + file);
        }
    }
}
