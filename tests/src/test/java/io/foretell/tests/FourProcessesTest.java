package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same run with every role, and the broker, in a process of its own. */
@Tag("slow")
class FourProcessesTest {
    private static final int NTP_STEPS = 5;
    private static final int RLP_STEPS = 6;
    private static final Duration START = Duration.ofSeconds(90);
    private static final Duration END = Duration.ofSeconds(150);

    @TempDir
    private Path folder;

    private final List<ForetellProcess> processes = new ArrayList<>();

    @AfterEach
    void endAll() {
        processes.forEach(ForetellProcess::close);
    }

    private ForetellProcess add(ForetellProcess process) {
        processes.add(process);
        return process;
    }

    /** A second learner on the same run does nothing but say why. */
    private void assertRefused(Path config, ForetellProcess first) {
        ForetellProcess second = add(ForetellProcess.foretell("learner", "-c", config));
        assertThat(second.awaitExit(START)).as("exit status of %s", second).isEqualTo(1);
        assertThat(second.err()).singleElement().asString().contains("in use by process " + first.pid());
    }

    @Test
    void rolesInProcessesOfTheirOwnReachTheSameEndAsInOne() {
        ForetellProcess broker = add(ForetellProcess.java(
                "io.foretell.streams.BrokerMain",
                List.of(folder.resolve("kafka").toString())));
        String ready = broker.awaitLine(line -> line.startsWith("READY "), START);
        TestRun run = new TestRun(folder, "apart");
        Path config = run.config(
                NTP_STEPS,
                RLP_STEPS,
                Map.of(
                        "kafka",
                        "{embedded: false, bootstrap: '" + ready.substring("READY ".length()) + "'}",
                        "http",
                        "{port: 0, api_keys: [a-key]}"));

        ForetellProcess learner = add(ForetellProcess.foretell("learner", "-c", config));
        learner.awaitLine(line -> line.startsWith("learner of run"), START);
        assertRefused(config, learner);
        List<ForetellProcess> others = List.of(
                add(ForetellProcess.foretell("reward", "-c", config)),
                add(ForetellProcess.foretell(
                        "rollout",
                        "-c",
                        config,
                        "--set",
                        "weight_sync.transport=http",
                        "--set",
                        "weight_sync.learner_url=" + learner.url())),
                add(ForetellProcess.foretell("streams", "-c", config)));

        others.forEach(ForetellProcess::url); // whoever is interrupted while it starts ends with another status
        assertThat(learner.awaitExit(END)).as("exit status of %s", learner).isZero();
        assertThat(run.steps().stream().map(row -> row.path("step").asLong()))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, NTP_STEPS + RLP_STEPS).boxed().toList());
        assertThat(TestRun.groupsPerStep(run.audit()).values())
                .hasSize(NTP_STEPS + RLP_STEPS)
                .containsOnly((long) TestRun.PROMPTS_PER_STEP);
        assertThat(run.summary().path("state").asText()).isEqualTo("finished");
        assertThat(run.folder().resolve("rollout/policies"))
                .as("weights that the rollout worker fetched over HTTP")
                .isNotEmptyDirectory();
        for (ForetellProcess other : others) {
            assertThat(other.isAlive()).as("%s", other).isTrue();
            other.interrupt();
        }
        for (ForetellProcess other : others) {
            assertThat(other.awaitExit(Duration.ofSeconds(120))).as("%s", other).isZero();
            assertThat(other.err()).as("%s", other).isEmpty();
        }
    }
}
