package io.foretell.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Json;
import io.foretell.server.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The result of an experiment: a page with the claim, the curve, the table and the verdict. Confined to one thread.
 */
final class ExperimentPage {
    private final Experiment experiment;
    private final LearningCurve curve;
    private final StringBuilder page = new StringBuilder();
    private final List<String> failures = new ArrayList<>();

    /** @param command the command that reproduces the page */
    ExperimentPage(Experiment experiment, String command) {
        this.experiment = experiment;
        this.curve = new LearningCurve(experiment.name(), experiment.method(), experiment.panels());
        String pictured = experiment.panels().stream()
                .map(panel -> panel.measure().replace('_', ' '))
                .collect(Collectors.joining(" and "));
        page.append("# Experiment: ").append(experiment.name()).append("\n\n");
        page.append(experiment.claim()).append("\n\n");
        page.append("    ").append(command).append("\n\n");
        page.append("![")
                .append(pictured)
                .append("](")
                .append(experiment.name())
                .append(".svg)\n\n");
        page.append("| run | ")
                .append(String.join(" | ", experiment.columns().values()))
                .append(" | seconds |\n")
                .append("|---".repeat(experiment.columns().size() + 2))
                .append("|\n");
    }

    /** Adds the finished run in {@code folder}. */
    void add(String name, boolean control, Path folder) throws IOException {
        JsonNode before = summary(folder).path("heldout").path("before");
        JsonNode after = summary(folder).path("heldout").path("after");
        List<String> reasons = control ? experiment.unwantedRises(before, after) : experiment.shortfalls(before, after);
        reasons.forEach(reason -> failures.add(name + ": " + reason));
        row(name, control, folder);
    }

    /**
     * Adds the finished run of the baseline in {@code folder}.
     *
     * @param method folder of the method's run with the same seed
     */
    void addBaseline(long seed, Path folder, Path method) throws IOException {
        Baseline baseline = Objects.requireNonNull(experiment.baseline());
        String name = baseline.name() + ", seed " + seed;
        baseline.shortfall(
                        summary(method).path("heldout").path("after"),
                        summary(folder).path("heldout").path("after"))
                .ifPresent(reason -> failures.add(name + ": " + reason));
        row(name, false, folder);
    }

    private static JsonNode summary(Path folder) throws IOException {
        return Json.mapper().readTree(Files.readAllBytes(folder.resolve("summary.json")));
    }

    private void row(String name, boolean control, Path folder) throws IOException {
        JsonNode summary = summary(folder);
        JsonNode before = summary.path("heldout").path("before");
        JsonNode after = summary.path("heldout").path("after");
        page.append("| ").append(name);
        for (String measure : experiment.columns().keySet()) {
            page.append(String.format(
                    Locale.ROOT,
                    " | %.3f → %.3f",
                    before.path(measure).asDouble(),
                    after.path(measure).asDouble()));
        }
        page.append(" | ")
                .append(Math.round(summary.path("wall_time_s").path("step").asDouble()))
                .append(" |\n");
        curve.add(name, control, folder.resolve("metrics.jsonl"));
    }

    /**
     * Writes the page and its picture.
     *
     * @return whether the claim is reproduced
     */
    boolean write(Path folder) {
        page.append("\nBefore is the state after the warm-up, after is the end. Verdict: ");
        page.append(
                failures.isEmpty()
                        ? "**reproduced.**\n"
                        : "**not reproduced**: " + String.join("; ", failures) + ".\n");
        AtomicFiles.write(
                folder.resolve(experiment.name() + ".md"), page.toString().getBytes(StandardCharsets.UTF_8));
        AtomicFiles.write(
                folder.resolve(experiment.name() + ".svg"), curve.svg().getBytes(StandardCharsets.UTF_8));
        Console.say(page.toString());
        return failures.isEmpty();
    }
}
