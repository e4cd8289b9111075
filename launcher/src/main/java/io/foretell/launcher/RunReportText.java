package io.foretell.launcher;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.learner.metrics.HeldOutMeasure;
import io.foretell.learner.metrics.MetricCatalogue;
import io.foretell.learner.metrics.MetricText;
import io.foretell.platform.Json;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** A run's report as lines for the terminal. Pure functions. */
final class RunReportText {
    private RunReportText() {}

    static List<String> lines(JsonNode report) {
        List<String> lines = new ArrayList<>();
        lines.add("run " + report.path("run").asText() + " in "
                + report.path("folder").asText());
        report.path("in_use_by").forEach(holder -> lines.add("  up: " + holder.asText()));
        config(lines, report.path("config"));
        JsonNode summary = report.path("summary");
        lines.add(
                summary.isMissingNode()
                        ? "summary      none: the run has never been stopped in order"
                        : "summary      " + summary.path("state").asText() + " after "
                                + summary.path("steps").asLong() + " steps and "
                                + Math.round(
                                        summary.path("wall_time_s").path("step").asDouble()) + " s of steps");
        step(lines, report.path("last_step"));
        evaluation(lines, report.path("last_evaluation"));
        folders(lines, "checkpoint   ", "step", report.path("checkpoints"));
        policies(lines, report.path("policies"));
        buffer(lines, report);
        entries(lines, "queues       ", report.path("queues"));
        deadLetters(lines, report.path("dead_letters"));
        if (report.has("kafka_problem")) {
            lines.add("kafka        " + report.path("kafka_problem").asText());
        }
        entries(lines, "status       ", report.path("status"));
        if (report.has("status_problem")) {
            lines.add("status       " + report.path("status_problem").asText());
        }
        return lines;
    }

    private static void config(List<String> lines, JsonNode config) {
        if (config.isMissingNode()) {
            return;
        }
        JsonNode policy = config.path("policy");
        String origin = policy.path("path").isTextual()
                ? policy.path("path").asText()
                : "a fresh " + policy.path("init").path("arch").asText() + " "
                        + policy.path("init").path("size").asText();
        List<String> phases = new ArrayList<>();
        config.path("phases")
                .forEach(phase -> phases.add(phase.path("objective").asText() + " "
                        + (phase.path("steps").isNumber() ? phase.path("steps").asText() + " steps" : "without end")));
        lines.add("config       " + config.path("run").path("mode").asText() + ", " + origin + "; "
                + String.join(", then ", phases) + "; "
                + config.path("learner").path("prompts_per_step").asText()
                + " groups of " + config.path("rollout").path("n").asText() + " per step, kafka.embedded "
                + config.path("kafka").path("embedded").asText());
    }

    private static void step(List<String> lines, JsonNode row) {
        if (row.isMissingNode()) {
            return;
        }
        lines.add("last step    " + where(row));
        Set<String> keys = new LinkedHashSet<>();
        row.fieldNames().forEachRemaining(keys::add);
        String unit = row.path("reward/unit").asText();
        MetricCatalogue.get().forEach(keys, (section, entry) -> {
            JsonNode value = row.path(entry.key());
            if (entry.metric().console() != null && value.isNumber()) {
                String text = MetricText.of(entry.metric(), value.asDouble());
                boolean isReward = entry.metric().unit().equals("reward") && !unit.isEmpty();
                lines.add(figure(entry.key(), isReward ? text + " (" + unit + ")" : text));
            }
        });
    }

    private static void evaluation(List<String> lines, JsonNode row) {
        if (row.isMissingNode()) {
            return;
        }
        lines.add("held out     " + where(row));
        Map<String, Object> values = Json.mapper().convertValue(row, new TypeReference<Map<String, Object>>() {});
        HeldOutMeasure.of(values)
                .forEach(measure -> lines.add(
                        figure("heldout/" + measure.name(), measure.format(measure.value()) + measure.interval())));
    }

    private static String where(JsonNode row) {
        return row.path("step").asText() + " (" + row.path("phase").asText() + ", "
                + row.path("time").asText() + ")";
    }

    private static String figure(String name, String value) {
        return String.format(Locale.ROOT, "  %-34s %s", name, value);
    }

    private static void folders(List<String> lines, String title, String number, JsonNode folders) {
        if (folders.isEmpty()) {
            lines.add(title + "none");
        }
        for (JsonNode folder : folders) {
            lines.add(title + folder.path(number).asText() + ", "
                    + HumanSizes.format(folder.path("bytes").asLong()) + ", "
                    + (folder.path("whole").asBoolean()
                            ? "whole"
                            : "! " + folder.path("problem").asText())
                    + (folder.path("is_latest").asBoolean() ? ", the latest" : ""));
        }
    }

    private static void policies(List<String> lines, JsonNode policies) {
        if (policies.isEmpty()) {
            lines.add("policies     none published yet");
            return;
        }
        long bytes = 0;
        for (JsonNode policy : policies) {
            bytes += policy.path("bytes").asLong();
            if (!policy.path("whole").asBoolean()) {
                lines.add("policies     ! " + policy.path("problem").asText());
            }
        }
        lines.add("policies     " + policies.size() + " kept, versions "
                + policies.path(0).path("version").asText() + " to "
                + policies.path(policies.size() - 1).path("version").asText() + ", " + HumanSizes.format(bytes));
    }

    private static void buffer(List<String> lines, JsonNode report) {
        JsonNode buffer = report.path("buffer");
        if (report.has("buffer_problem")) {
            lines.add("buffer       " + report.path("buffer_problem").asText());
        } else if (buffer.isMissingNode()) {
            lines.add("buffer       none yet");
        } else {
            buffer.path("used")
                    .properties()
                    .forEach(phase -> lines.add("buffer       phase " + phase.getKey() + ": "
                            + phase.getValue().asLong() + " groups used, "
                            + buffer.path("usable").path(phase.getKey()).asLong() + " usable, "
                            + buffer.path("dropped").path(phase.getKey()).asLong() + " dropped"));
            entries(lines, "  dropped    ", buffer.path("dropped_by_reason"));
            long waiting = buffer.path("waiting").asLong();
            long strays = buffer.path("strays").asLong();
            long lost = buffer.path("lost_children").asLong();
            if (waiting + strays + lost > 0) {
                lines.add("  spawned    " + waiting + " groups wait for answers, " + lost + " answers lost, " + strays
                        + " that nobody awaits");
            }
            lines.add("  in all     " + buffer.path("duplicates").asLong() + " came twice, "
                    + buffer.path("unreadable").asLong() + " unreadable, "
                    + buffer.path("forgotten").asLong() + " bodies deleted, "
                    + HumanSizes.format(buffer.path("body_bytes").asLong()) + " kept");
        }
    }

    private static void entries(List<String> lines, String title, JsonNode map) {
        if (!map.isEmpty()) {
            List<String> entries = new ArrayList<>();
            map.properties().forEach(entry -> {
                JsonNode value = entry.getValue();
                String text = value.isValueNode() ? value.asText() : value.toString();
                if (!text.isEmpty() && !value.isNull()) {
                    entries.add(entry.getKey() + " " + text);
                }
            });
            lines.add(title + String.join(", ", entries));
        }
    }

    private static void deadLetters(List<String> lines, JsonNode letters) {
        if (letters.isArray() && letters.isEmpty()) {
            lines.add("dead letters none");
        }
        for (JsonNode letter : letters) {
            lines.add("dead letter  " + letter.path("topic").asText() + " partition "
                    + letter.path("partition").asInt() + " offset "
                    + letter.path("offset").asLong() + ": "
                    + letter.path("reason").asText());
        }
    }
}
