package io.foretell.learner.metrics;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code summary.json}, made from the rows of the metrics log one after the other: steps done, time by stage, and each
 * held-out measure before and after the last phase. Confined to one thread.
 */
public final class RunSummary {
    private static final List<String> STAGES =
            List.of("step", "generate", "reward", "wait", "train", "sync", "evaluate", "checkpoint");

    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private final Map<String, OutsideModel> outsideModel = new TreeMap<>();
    private @Nullable ObjectNode before;
    private @Nullable ObjectNode after;

    public RunSummary() {
        STAGES.forEach(stage -> seconds.put(stage, 0.0));
    }

    /** Takes in the next row, in the order of the log. */
    public void add(ObjectNode row) {
        seconds.replaceAll((stage, sum) -> sum + row.path("timing_s/" + stage).asDouble());
        if (row.has("perf/outside_model_share")) {
            double wall = row.path("timing_s/step").asDouble();
            double outside = row.path("perf/outside_model_share").asDouble() * wall;
            outsideModel.merge(row.path("phase").asText(), new OutsideModel(outside, wall), OutsideModel::plus);
        }
        if (row.properties().stream().anyMatch(field -> field.getKey().startsWith("heldout/"))) {
            if (after == null || phase(row) != phase(after)) {
                before = row;
            }
            after = row;
        }
    }

    public void write(Path file, String run, String state, long step, long version) {
        ObjectNode summary = Json.mapper().createObjectNode();
        summary.put("run", run).put("state", state).put("steps", step).put("policy_version", version);
        summary.set("wall_time_s", Json.mapper().valueToTree(seconds));
        summary.set("outside_model_share", Json.mapper().valueToTree(outsideModel()));
        ObjectNode heldout = summary.putObject("heldout");
        heldout.set("before", Json.mapper().valueToTree(before()));
        heldout.set("after", Json.mapper().valueToTree(after()));
        AtomicFiles.write(file, (summary.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Share of wall time, per objective, in which no policy was computing. */
    Map<String, Double> outsideModel() {
        Map<String, Double> shares = new TreeMap<>();
        outsideModel.forEach((phase, time) -> shares.put(phase, time.share()));
        return shares;
    }

    /** The first evaluation of the last phase that has one: its state after the phase before. */
    Map<String, Double> before() {
        return measures(before);
    }

    /** The last evaluation of all. */
    Map<String, Double> after() {
        return measures(after);
    }

    private static Map<String, Double> measures(@Nullable ObjectNode row) {
        Map<String, Double> measures = new LinkedHashMap<>();
        if (row != null) {
            row.fieldNames().forEachRemaining(name -> {
                if (name.startsWith("heldout/")) {
                    measures.put(
                            name.substring("heldout/".length()), row.path(name).asDouble());
                }
            });
        }
        return measures;
    }

    private static int phase(ObjectNode row) {
        return row.path("phase_index").asInt();
    }

    /** Seconds without a policy computing, and all seconds. */
    private record OutsideModel(double outside, double wall) {
        OutsideModel plus(OutsideModel other) {
            return new OutsideModel(outside + other.outside, wall + other.wall);
        }

        double share() {
            return wall == 0 ? 0 : outside / wall;
        }
    }
}
