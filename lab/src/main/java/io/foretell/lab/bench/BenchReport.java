package io.foretell.lab.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.Json;
import io.foretell.server.Console;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The figures of a benchmark, as one JSON object or as lines for a person. Confined to one thread. */
final class BenchReport {
    /** Figures of one case by name, in the order they were measured. All are finite. */
    static final class Figures {
        private final Map<String, Double> values = new LinkedHashMap<>();

        Figures put(String name, double value) {
            if (!Double.isFinite(value)) {
                throw new IllegalStateException(name + " is " + value + ": nothing was measured");
            }
            values.put(name, value);
            return this;
        }

        double get(String name) {
            return values.get(name);
        }
    }

    private final String benchmark;
    private final Figures peak;
    private final Map<String, Figures> cases = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();

    BenchReport(String benchmark, Figures peak) {
        this.benchmark = benchmark;
        this.peak = peak;
    }

    void add(String name, Figures figures) {
        cases.put(name, figures);
    }

    void addFailure(String name, String reason) {
        failures.put(name, reason);
    }

    boolean isFailed() {
        return !failures.isEmpty();
    }

    /** Prints it. */
    void say(boolean asJson) {
        if (asJson) {
            Console.say(json());
        } else {
            table().forEach(Console::say);
        }
    }

    String json() {
        ObjectNode report = Json.mapper().createObjectNode().put("benchmark", benchmark);
        fill(report.putObject("peak"), peak);
        ArrayNode all = report.putArray("cases");
        cases.forEach((name, figures) -> fill(all.addObject().put("name", name), figures));
        failures.forEach((name, reason) -> all.addObject().put("name", name).put("failure", reason));
        return report.toString();
    }

    private static void fill(ObjectNode node, Figures figures) {
        figures.values.forEach((name, value) -> {
            if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                node.put(name, value.longValue());
            } else {
                node.put(name, value);
            }
        });
    }

    List<String> table() {
        List<String> lines = new ArrayList<>();
        rows(lines, "peak", peak);
        cases.forEach((name, figures) -> rows(lines, name, figures));
        failures.forEach((name, reason) -> lines.add(String.format(Locale.ROOT, "%-24s failed: %s", name, reason)));
        return lines;
    }

    private static void rows(List<String> lines, String name, Figures figures) {
        String label = name;
        for (Map.Entry<String, Double> figure : figures.values.entrySet()) {
            lines.add(String.format(Locale.ROOT, "%-24s %-36s %14s", label, figure.getKey(), text(figure.getValue())));
            label = "";
        }
    }

    private static String text(double value) {
        return Math.abs(value) >= 100 || value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,d", Math.round(value))
                : String.format(Locale.ROOT, "%.3f", value);
    }
}
