package io.foretell.learner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code summary.json}, made from the lines of the metrics log: steps done, time by stage, and each held-out measure
 * before and after the last phase. Pure functions.
 */
final class RunSummary {
    private static final List<String> STAGES =
            List.of("step", "generate", "reward", "wait", "train", "sync", "evaluate", "checkpoint");

    private RunSummary() {}

    static void write(Path file, String run, String state, long step, long version, List<ObjectNode> rows) {
        ObjectNode summary = Json.mapper().createObjectNode();
        summary.put("run", run).put("state", state).put("steps", step).put("policy_version", version);
        ObjectNode seconds = summary.putObject("wall_time_s");
        for (String stage : STAGES) {
            seconds.put(
                    stage,
                    rows.stream()
                            .mapToDouble(row -> row.path("timing_s/" + stage).asDouble())
                            .sum());
        }
        summary.set("outside_model_share", Json.mapper().valueToTree(outsideModel(rows)));
        ObjectNode heldout = summary.putObject("heldout");
        heldout.set("before", Json.mapper().valueToTree(measures(rows, true)));
        heldout.set("after", Json.mapper().valueToTree(measures(rows, false)));
        AtomicFiles.write(file, (summary.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Share of wall time, per objective, in which no policy was computing. */
    static Map<String, Double> outsideModel(List<ObjectNode> rows) {
        Map<String, double[]> sums = new TreeMap<>();
        for (ObjectNode row : rows) {
            if (row.has("perf/outside_model_share")) {
                double[] sum = sums.computeIfAbsent(row.path("phase").asText(), unused -> new double[2]);
                double wall = row.path("timing_s/step").asDouble();
                sum[0] += row.path("perf/outside_model_share").asDouble() * wall;
                sum[1] += wall;
            }
        }
        Map<String, Double> shares = new TreeMap<>();
        sums.forEach((phase, sum) -> shares.put(phase, sum[1] == 0 ? 0 : sum[0] / sum[1]));
        return shares;
    }

    /** The first evaluation of the last phase (its state after the phase before), or the last evaluation of all. */
    static Map<String, Double> measures(List<ObjectNode> rows, boolean before) {
        List<ObjectNode> evaluated =
                rows.stream().filter(RunSummary::isEvaluated).toList();
        Map<String, Double> measures = new LinkedHashMap<>();
        if (evaluated.isEmpty()) {
            return measures;
        }
        ObjectNode last = evaluated.get(evaluated.size() - 1);
        int phase = last.path("phase_index").asInt();
        ObjectNode chosen = !before
                ? last
                : evaluated.stream()
                        .filter(row -> row.path("phase_index").asInt() == phase)
                        .findFirst()
                        .orElse(last);
        chosen.fieldNames().forEachRemaining(name -> {
            if (name.startsWith("heldout/")) {
                measures.put(
                        name.substring("heldout/".length()), chosen.path(name).asDouble());
            }
        });
        return measures;
    }

    private static boolean isEvaluated(ObjectNode row) {
        return row.has("heldout/no_thought_loss") || row.has("heldout/information_gain");
    }
}
