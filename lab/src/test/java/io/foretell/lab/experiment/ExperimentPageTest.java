package io.foretell.lab.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.learner.metrics.MetricCatalogue;
import io.foretell.platform.Json;
import io.foretell.server.ForetellConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentPageTest {
    private static final Experiment EXPERIMENT = new Experiment(
            "walk",
            "configs/walk.yaml",
            "reward.shuffle=true",
            "Walking pays.",
            "WALK",
            Map.of("accuracy", "accuracy after a walk"),
            List.of(new LearningCurve.Panel("accuracy", "accuracy (95 % band)")),
            List.of(
                    new Criterion.Rises("accuracy", "accuracy", "", 0.4),
                    new Criterion.Reaches("accuracy", "accuracy", 0.75),
                    new Criterion.GrowsAtMost("loss", "loss", 1.05)));

    @TempDir
    private Path folder;

    private Path run(String name, double before, double after) throws IOException {
        Path run = Files.createDirectories(folder.resolve(name));
        ObjectNode summary = Json.mapper().createObjectNode();
        summary.putObject("wall_time_s").put("step", 61.6);
        ObjectNode heldOut = summary.putObject("heldout");
        heldOut.putObject("before").put("accuracy", before).put("loss", 2.0);
        heldOut.putObject("after").put("accuracy", after).put("loss", 2.0);
        Files.writeString(run.resolve("summary.json"), summary.toString());
        String row = "{\"step\": %d, \"phase_index\": %d, \"heldout/accuracy\": %s, \"heldout/accuracy_low\": 0.1,"
                + " \"heldout/accuracy_high\": 0.9}%n";
        Files.writeString(
                run.resolve("metrics.jsonl"),
                String.format(row, 0, 0, before) + String.format(row, 10, 1, before)
                        + "{\"step\": 11, \"reward/mean\": 1}\n" + String.format(row, 20, 1, after));
        return run;
    }

    private String page() throws IOException {
        return Files.readString(folder.resolve("walk.md"));
    }

    @Test
    void aRiseWithoutOneInTheControlIsReproduced() throws IOException {
        ExperimentPage page = new ExperimentPage(EXPERIMENT, "./foretell experiment walk --seeds 1");
        page.add("seed 1", false, run("one", 0.2, 0.8));
        page.add("control, seed 1", true, run("control", 0.2, 0.3));

        assertThat(page.write(folder)).isTrue();
        assertThat(page())
                .contains(
                        "# Experiment: walk\n\nWalking pays.\n\n    ./foretell experiment walk --seeds 1\n\n",
                        "| run | accuracy after a walk | seconds |\n|---|---|---|\n",
                        "| seed 1 | 0.200 → 0.800 | 62 |\n| control, seed 1 | 0.200 → 0.300 | 62 |\n",
                        "Verdict: **reproduced.**");
        assertThat(Files.readString(folder.resolve("walk.svg")))
                .contains("WALK begins", "accuracy (95 % band)", "<polygon", "control, seed 1", "</svg>");
    }

    @Test
    void whatIsMissingIsNamedInTheVerdict() throws IOException {
        ExperimentPage page = new ExperimentPage(EXPERIMENT, "./foretell experiment walk --seeds 1,2");
        page.add("seed 1", false, run("one", 0.2, 0.8));
        page.add("seed 2", false, run("two", 0.4, 0.5));
        page.add("control, seed 1", true, run("control", 0.2, 0.7));

        assertThat(page.write(folder)).isFalse();
        assertThat(page())
                .contains("Verdict: **not reproduced**: seed 2: accuracy rose by 0.100, not by 0.4; seed 2: accuracy"
                        + " reached 0.500, not 0.75; control, seed 1: the control's accuracy rose by 0.500, over"
                        + " 0.4.");
    }

    @Test
    void aMethodThatDoesNotBeatItsBaselineIsNotReproduced() throws IOException {
        Experiment against = new Experiment(
                EXPERIMENT.name(),
                EXPERIMENT.configuration(),
                EXPERIMENT.control(),
                EXPERIMENT.claim(),
                EXPERIMENT.method(),
                EXPERIMENT.columns(),
                EXPERIMENT.panels(),
                EXPERIMENT.criteria(),
                new Baseline.Above("running", "configs/run.yaml", "accuracy", "accuracy", 0.1));
        Path one = run("one", 0.2, 0.8);
        Path two = run("two", 0.2, 0.8);
        ExperimentPage page = new ExperimentPage(against, "./foretell experiment walk --seeds 1,2");
        page.add("seed 1", false, one);
        page.add("seed 2", false, two);
        page.addBaseline(1, run("low", 0.2, 0.5), one);
        assertThat(page.write(folder)).isTrue();
        page.addBaseline(2, run("high", 0.2, 0.75), two);

        assertThat(page.write(folder)).isFalse();
        assertThat(page())
                .contains(
                        "| running, seed 1 | 0.200 → 0.500 | 62 |\n",
                        "**not reproduced**: running, seed 2: the method's accuracy is 0.050 above it, not 0.10.");
    }

    @Test
    void everyMeasureThatAnExperimentShowsIsInTheCatalogueOfMetrics() {
        for (Experiment experiment : Experiment.ALL) {
            Set<String> measures = new TreeSet<>(experiment.columns().keySet());
            experiment.panels().forEach(panel -> measures.add(panel.measure()));
            for (String measure : measures) {
                assertThat(MetricCatalogue.get().find("heldout/" + measure))
                        .as("%s of %s", measure, experiment.name())
                        .isPresent();
            }
        }
    }

    @Test
    void everyExperimentHasItsConfiguration() throws IOException {
        for (Experiment experiment : Experiment.ALL) {
            Path configuration = Path.of("..", experiment.configuration());
            ForetellConfig config = ForetellConfig.load(configuration, List.of(experiment.control()), Map.of())
                    .values();

            assertThat(config.training().phases()).as(experiment.name()).hasSize(2);
            assertThat(config)
                    .as("the control of " + experiment.name())
                    .isNotEqualTo(ForetellConfig.load(configuration, List.of(), Map.of())
                            .values());
            Baseline baseline = experiment.baseline();
            if (baseline != null) {
                Path other = Path.of("..", baseline.configuration());
                assertThat(ForetellConfig.load(other, List.of(), Map.of())
                                .values()
                                .training()
                                .phases()
                                .get(0))
                        .as("the baseline's warm-up is the same")
                        .isEqualTo(config.training().phases().get(0));
            }
        }
    }
}
