package io.foretell.lab.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The steps of one phase in a run's metrics, without the first few, in which caches and compilers are cold.
 * Immutable.
 */
final class StepRows {
    private static final int COLD = 5;

    private final List<JsonNode> rows;

    StepRows(List<JsonNode> metrics, String phase) {
        List<JsonNode> steps = metrics.stream()
                .filter(row -> row.path("phase").asText().equals(phase) && row.has("timing_s/step"))
                .toList();
        if (steps.size() <= COLD) {
            throw new IllegalStateException(
                    "phase " + phase + " made only " + steps.size() + " steps, too few to measure");
        }
        this.rows = steps.subList(COLD, steps.size());
    }

    int steps() {
        return rows.size();
    }

    double stepSeconds() {
        return seconds() / rows.size();
    }

    double stepsPerSecond() {
        return rows.size() / seconds();
    }

    /** Share of wall time in which no policy was computing. */
    double outsideModelShare() {
        double outside = rows.stream()
                .mapToDouble(row -> row.path("perf/outside_model_share").asDouble()
                        * row.path("timing_s/step").asDouble())
                .sum();
        return outside / seconds();
    }

    /** Sum of a timing as a share of wall time. */
    double share(String timing) {
        return rows.stream().mapToDouble(row -> row.path(timing).asDouble()).sum() / seconds();
    }

    double mean(String figure) {
        return rows.stream()
                .mapToDouble(row -> row.path(figure).asDouble())
                .average()
                .orElseThrow();
    }

    private double seconds() {
        return rows.stream()
                .mapToDouble(row -> row.path("timing_s/step").asDouble())
                .sum();
    }
}
