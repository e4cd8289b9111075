package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are killed or interrupted, started again with the same command, and audited at the end. */
@Tag("slow")
class CrashTest {
    private static final int NTP_STEPS = 40;
    private static final int RLP_STEPS = 60;
    private static final int STEPS = NTP_STEPS + RLP_STEPS;
    private static final int OFF_POLICY_STEPS = 4;
    private static final Duration PROGRESS = Duration.ofSeconds(90);
    private static final Duration END = Duration.ofSeconds(150);

    @TempDir
    private Path folder;

    @Test
    void afterKillsEveryGroupIsTrainedOnOnceAndNoStepIsMissing() {
        long seed = Long.getLong("foretell.seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        TestRun run = new TestRun(folder, "killed");
        Path config = run.config(NTP_STEPS, RLP_STEPS);
        List<Long> killedAfter = new ArrayList<>();
        long[] moments = {
            random.nextLong(2, NTP_STEPS), // while it reads
            random.nextLong(NTP_STEPS + 2, NTP_STEPS + RLP_STEPS / 2), // while it thinks
            random.nextLong(NTP_STEPS + RLP_STEPS / 2, STEPS - 10)
        };
        for (long moment : moments) {
            try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
                awaitStep(run, up, moment);
                sleep(random.nextLong(80));
                up.kill();
                killedAfter.add(run.lastStep());
            }
        }
        String circumstances = "seed " + seed + ", killed after steps " + killedAfter;
        System.out.println("CrashTest: " + circumstances + " (repeat with -Dforetell.seed=" + seed + ")");
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            assertThat(exit(run, up)).as("%s: %s", circumstances, up).isZero();
        }
        audit(run, STEPS, circumstances);
    }

    /* Steps are quick: it looks often, and takes what it gets. */
    private static void awaitStep(TestRun run, ForetellProcess up, long step) {
        Awaitility.await("step " + step + " of " + up)
                .atMost(PROGRESS)
                .pollInterval(Duration.ofMillis(5))
                .failFast("it ended: " + up, () -> !up.isAlive() && run.lastStep() < step)
                .until(() -> run.lastStep() >= step);
    }

    /** Its exit status; when it does not end, what it is doing goes into the failure. */
    private static int exit(TestRun run, ForetellProcess up) {
        try {
            return up.awaitExit(END);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\nlog:\n" + run.trouble(), e);
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void audit(TestRun run, long last, String circumstances) {
        assertThat(run.steps().stream().map(row -> row.path("step").asLong()))
                .as("steps in metrics.jsonl; %s", circumstances)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, last).boxed().toList());
        // A group has one state, so one step: what is left to check is that every step has all of its groups.
        Map<String, String> audit = run.audit();
        Map<Long, Long> perStep = TestRun.groupsPerStep(audit);
        assertThat(perStep.keySet())
                .as("steps that used groups; %s", circumstances)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, last).boxed().toList());
        assertThat(perStep.values()).as("groups per step; %s", circumstances).containsOnly((long)
                TestRun.PROMPTS_PER_STEP);
        // What is left of a phase at its end was dropped by name; nothing lies about unused.
        assertThat(audit.values().stream().filter("USABLE"::equals))
                .as("groups skipped; %s", circumstances)
                .isEmpty();
        assertThat(audit.values().stream().filter(state -> state.startsWith("DROPPED")))
                .as("groups dropped; %s", circumstances)
                .hasSizeLessThanOrEqualTo(3 * (OFF_POLICY_STEPS + 1) * TestRun.PROMPTS_PER_STEP)
                .allMatch(state -> state.equals("DROPPED stale") || state.equals("DROPPED phase over"));
    }

    @Test
    void controlCDrainsAndTheNextStartGoesOnWithTheNextStep() {
        TestRun run = new TestRun(folder, "interrupted");
        int last = NTP_STEPS + 3 * RLP_STEPS; // far behind the step that is interrupted
        Path config = run.config(NTP_STEPS, 3 * RLP_STEPS);
        List<JsonNode> before;
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            awaitStep(run, up, NTP_STEPS + 13);
            up.interrupt();
            assertThat(up.awaitExit(Duration.ofSeconds(120))).as("%s", up).isZero();
            assertThat(up.err()).as("%s", up).isEmpty();
            before = run.rows();
        }
        long stopped = run.lastStep();
        assertThat(stopped).isBetween((long) NTP_STEPS + 13, (long) last - 1);
        assertThat(run.summary().path("state").asText()).isEqualTo("stopped");
        assertThat(run.summary().path("steps").asLong()).isEqualTo(stopped);
        assertThat(run.folder().resolve(String.format("checkpoints/%06d", stopped)))
                .as("a checkpoint of the last step")
                .isDirectory();

        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            assertThat(exit(run, up)).as("%s", up).isZero();
        }
        List<JsonNode> rows = run.rows();
        assertThat(rows.subList(0, before.size())).as("what was written before").isEqualTo(before);
        JsonNode first = rows.stream()
                .skip(before.size())
                .filter(row -> row.has("actor/loss"))
                .findFirst()
                .orElseThrow();
        assertThat(first.path("step").asLong()).isEqualTo(stopped + 1);
        // A policy without its optimizer, or another one, would not fit what was sampled before.
        assertThat(first.path("mismatch_kl/mean").asDouble()).isLessThan(0.05);
        audit(run, last, "interrupted after step " + stopped);
    }
}
