package io.foretell.lab.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Json;
import io.foretell.server.ForetellConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Cost of whole runs: tasks per second, time outside the model, memory. Used by one thread. */
final class StepBench {
    private static final int GROUPS = 64;
    private static final int ROLLOUTS = 4;
    private static final double MB = 1 << 20;

    private final Path folder;
    private final Path quickstart;

    StepBench(Path folder, Path quickstart) {
        this.folder = folder;
        this.quickstart = quickstart;
    }

    /** All stages, with a model so small and responses so short that the model is not the bottleneck. */
    BenchReport.Figures wholePath() {
        List<JsonNode> rows = run("whole", small("whole", 150, 150)).rows();
        StepRows ntp = new StepRows(rows, "ntp");
        StepRows rlp = new StepRows(rows, "rlp");
        return new BenchReport.Figures()
                .put("tasks_per_second", rlp.stepsPerSecond() * GROUPS)
                .put("ntp_tasks_per_second", ntp.stepsPerSecond() * GROUPS)
                .put("rollouts_per_second", rlp.stepsPerSecond() * GROUPS * ROLLOUTS)
                .put("outside_model_share", rlp.outsideModelShare());
    }

    /** The quickstart with fewer steps and no evaluation. */
    BenchReport.Figures overhead() {
        StepRows rlp =
                new StepRows(run("quickstart", shortened("quickstart", 60, 20)).rows(), "rlp");
        return new BenchReport.Figures()
                .put("outside_model_share", rlp.outsideModelShare())
                .put("step_seconds", rlp.stepSeconds())
                .put("steps", rlp.steps());
    }

    /**
     * The whole quickstart in one mode: steps per hour in the last phase, the final measures, and how long the
     * learner waits.
     */
    BenchReport.Figures mode(String mode) {
        ObjectNode config = quickstart("mode-" + mode);
        ((ObjectNode) config.get("run")).put("mode", mode);
        Path file = StepBench.write(folder.resolve("mode-" + mode + ".yaml"), yaml(config));
        List<JsonNode> rows = run("mode-" + mode, file).rows();
        StepRows rlp = new StepRows(rows, "rlp");
        BenchReport.Figures figures = new BenchReport.Figures()
                .put("steps", rlp.steps())
                .put("steps_per_hour", 3600 * rlp.stepsPerSecond())
                .put("learner_idle_share", rlp.share("timing_s/wait"))
                .put("sync_share", rlp.share("timing_s/sync"))
                .put("checkpoint_share", rlp.share("timing_s/checkpoint"))
                .put("staleness_mean", rlp.mean("staleness/mean"));
        JsonNode last = rows.stream()
                .filter(row -> row.has("heldout/no_thought_loss"))
                .reduce((before, after) -> after)
                .orElseThrow(() -> new IllegalStateException("the run has no evaluation"));
        for (String measure : List.of("no_thought_loss", "information_gain", "accuracy_with_thought")) {
            figures.put(measure, last.path("heldout/" + measure).asDouble());
        }
        return figures;
    }

    /** The quickstart with 500 steps of its last phase and no evaluation. */
    BenchReport.Figures memory() {
        Map<Integer, double[]> readings = new TreeMap<>(); // step: resident and heap, MB
        for (String line : run("memory", shortened("memory", 5, 500)).said()) {
            if (line.startsWith(BenchServer.MEMORY)) {
                String[] parts = line.substring(BenchServer.MEMORY.length()).split(" ");
                readings.put(
                        Integer.parseInt(parts[0]),
                        new double[] {Long.parseLong(parts[1]) / MB, Long.parseLong(parts[2]) / MB});
            }
        }
        BenchReport.Figures figures = new BenchReport.Figures();
        for (int step : new int[] {10, 100, 500}) {
            double[] near = readings.entrySet().stream()
                    .filter(reading -> Math.abs(reading.getKey() - step) <= 10)
                    .mapToDouble(reading -> reading.getValue()[0])
                    .toArray();
            figures.put("resident_mb_step_" + step, OrderStatistics.median(near));
            figures.put("heap_mb_step_" + step, readings.get(step)[1]);
        }
        return figures.put("resident_growth", growth(figures, "resident")).put("heap_growth", growth(figures, "heap"));
    }

    /** Growth between step 100 and step 500, as a share. */
    private static double growth(BenchReport.Figures figures, String which) {
        return figures.get(which + "_mb_step_500") / figures.get(which + "_mb_step_100") - 1;
    }

    /** A run's metrics rows, and its process's output. */
    private record Run(List<JsonNode> rows, List<String> said) {}

    private Run run(String name, Path configuration) {
        List<String> said;
        try (BenchProcess server = BenchProcess.start("run", configuration)) {
            said = server.finish();
        }
        Path metrics = folder.resolve(name).resolve("bench").resolve("metrics.jsonl");
        try {
            return new Run(
                    Files.readAllLines(metrics).stream().map(StepBench::row).toList(), said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode row(String line) {
        try {
            return Json.mapper().readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path small(String name, int ntpSteps, int rlpSteps) {
        return write(folder.resolve(name + ".yaml"), """
                run: {name: bench, dir: %s}
                policy: {init: {size: micro, tokenizer: chain, init_std: 0.05}, threads: 1}
                documents: {sources: [{generator: chain}], deduplicate: none}
                phases:
                  - {objective: ntp, steps: %d, domains: [plain, thought]}
                  - {objective: rlp, steps: %d, domains: [far, plain], options: {min_prefix: 5}}
                rollout: {n: %d, max_prompt_length: 32, max_response_length: 4}
                learner: {prompts_per_step: %d}
                eval: {interval: 0, before_train: false, documents: 1, samples: 1}
                ckpt: {interval: 100}
                http: {port: 0}
                """.formatted(
                        folder.resolve(name), ntpSteps, rlpSteps, ROLLOUTS, GROUPS));
    }

    private Path shortened(String name, int ntpSteps, int rlpSteps) {
        ObjectNode config = quickstart(name);
        ((ObjectNode) config.get("eval")).put("interval", 0).put("before_train", false);
        for (JsonNode phase : config.withArray("phases")) {
            ((ObjectNode) phase).put("steps", phase.path("objective").asText().equals("rlp") ? rlpSteps : ntpSteps);
        }
        return write(folder.resolve(name + ".yaml"), yaml(config));
    }

    /** The quickstart's configuration for a run in the benchmark's own folder. */
    private ObjectNode quickstart(String name) {
        try {
            ObjectNode config = (ObjectNode) Json.yaml()
                    .readTree(
                            ForetellConfig.load(quickstart, List.of(), Map.of()).yaml());
            ((ObjectNode) config.get("run"))
                    .put("name", "bench")
                    .put("dir", folder.resolve(name).toString());
            ((ObjectNode) config.get("http")).put("port", 0);
            return config;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String yaml(ObjectNode config) {
        try {
            return Json.yaml().writeValueAsString(config);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path write(Path file, String text) {
        AtomicFiles.write(file, text.getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
