package io.foretell.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.learner.metrics.HeldOutMeasure;
import io.foretell.platform.Json;
import io.foretell.server.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The table printed at the end of a run. Pure functions, except {@link #print}. */
final class SummaryTable {
    private static final String ROW = "%-28s %14s %14s   %s";

    private SummaryTable() {}

    static void print(Path file) {
        try {
            lines(Json.mapper().readTree(Files.readAllBytes(file)), file).forEach(Console::say);
        } catch (IOException e) {
            Console.warn("there is no summary " + file);
        }
    }

    /** Every held-out measure before and after the last phase, with its unit; then steps and seconds. */
    static List<String> lines(JsonNode summary, Path file) {
        Map<String, HeldOutMeasure> before = HeldOutMeasure.ofSummary(measures(summary, "before")).stream()
                .collect(Collectors.toMap(HeldOutMeasure::name, measure -> measure));
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add(String.format(Locale.ROOT, ROW, "held out", "before", "after", "95% interval")
                .stripTrailing());
        for (HeldOutMeasure after : HeldOutMeasure.ofSummary(measures(summary, "after"))) {
            HeldOutMeasure first = before.get(after.name());
            lines.add(String.format(
                            Locale.ROOT,
                            ROW,
                            after.name(),
                            first == null ? "none" : first.format(first.value()),
                            after.format(after.value()),
                            after.interval().strip())
                    .stripTrailing());
        }
        lines.add("");
        lines.add(summary.path("steps").asLong() + " steps in "
                + Math.round(summary.path("wall_time_s").path("step").asDouble()) + " s; written to " + file);
        return lines;
    }

    private static Map<String, Double> measures(JsonNode summary, String when) {
        Map<String, Double> measures = new LinkedHashMap<>();
        summary.path("heldout")
                .path(when)
                .properties()
                .forEach(field -> measures.put(field.getKey(), field.getValue().asDouble()));
        return measures;
    }
}
