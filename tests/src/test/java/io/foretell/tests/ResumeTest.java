package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.platform.AtomicFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a checkpoint a run goes on with, by {@code resume_mode} and {@code resume_restore}. */
@Tag("slow")
class ResumeTest {
    private static final Duration END = Duration.ofSeconds(200);
    private static final String MODEL = "model.safetensors";

    @TempDir
    private Path folder;

    @Test
    void groupsThatAreNotRestoredAreDroppedByThatNameAndReplaced() {
        TestRun run = new TestRun(folder, "partly");
        Path config = config(run);
        up(config, 12);
        boolean waited = run.audit().containsValue("USABLE");
        up(config, 20, "resume_restore=[weights, optimizer]");
        assertThat(run.steps()).hasSize(20);
        Map<String, String> audit = run.audit();
        if (waited) {
            assertThat(audit.values()).as("what waited was dropped").contains("DROPPED not restored");
        }
        assertThat(TestRun.groupsPerStep(audit).values()).hasSize(20).containsOnly((long) TestRun.PROMPTS_PER_STEP);
    }

    @Test
    void aCheckpointOfAnotherRunGivesItsWeightsAndTheNewRunBeginsAtItsOwnBeginning() {
        TestRun first = new TestRun(folder, "first");
        up(config(first), 12);
        Path checkpoint = first.folder().resolve("checkpoints/000012");

        TestRun second = new TestRun(folder, "second");
        up(config(second), 3, "resume_mode=" + checkpoint);
        assertThat(second.steps().get(0).path("step").asLong()).isEqualTo(1);
        assertThat(sha(second.folder().resolve("policies/000000"))).isEqualTo(sha(checkpoint));

        TestRun third = new TestRun(folder, "third");
        up(config(third), 3, "resume_mode=" + checkpoint, "resume_restore=[optimizer]");
        assertThat(sha(third.folder().resolve("policies/000000")))
                .isEqualTo(sha(third.folder().resolve("init")));
    }

    private static String sha(Path folder) {
        return AtomicFiles.sha256(folder.resolve(MODEL));
    }

    private static Path config(TestRun run) {
        return run.config(0, 30, Map.of("eval", "{interval: 0, before_train: false}"));
    }

    private static void up(Path config, int untilStep, String... overrides) {
        List<Object> arguments = new ArrayList<>(List.of("up", "-c", config, "--until-step", untilStep));
        for (String override : overrides) {
            arguments.addAll(List.of("--set", override));
        }
        try (ForetellProcess up = ForetellProcess.foretell(arguments.toArray())) {
            assertThat(up.awaitExit(END)).as("%s", up).isZero();
        }
    }
}
