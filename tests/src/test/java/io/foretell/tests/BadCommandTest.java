package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.platform.FolderLock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is wrong with a command is said in one sentence, and told by the exit status. */
@Tag("integration")
class BadCommandTest {
    private static final int WRONG = 2;
    private static final int FAILED = 1;
    private static final Duration DEADLINE = Duration.ofSeconds(90);

    @TempDir
    private Path folder;

    @Test
    void anUnknownKeyIsRefusedWithTheNearestOne() {
        assertThat(sentence(WRONG, "--set", "learner.prompt_per_step=4"))
                .contains("learner.prompt_per_step")
                .contains("prompts_per_step");
    }

    @Test
    void anUnknownKeyInTheFileIsRefusedToo() {
        Path config = config(Map.of("rollouts", "{n: 4}"));
        assertThat(sentenceOf(WRONG, "up", "-c", config))
                .contains("'rollouts.n'")
                .contains("'rollout.n'");
    }

    @Test
    void aValueOfTheWrongTypeIsRefused() {
        assertThat(sentence(WRONG, "--set", "learner.prompts_per_step=many"))
                .contains("learner.prompts_per_step")
                .contains("many");
    }

    @Test
    void aSequenceThatFitsNoMicroBatchIsRefusedWithTheNumbers() {
        assertThat(sentence(WRONG, "--set", "learner.max_tokens_per_micro_batch=40"))
                .contains("32 + 1")
                .contains("8 = 41")
                .contains("is 40");
    }

    @Test
    void aGroupLargerThanWhatMayBeUnderWayIsRefusedWithTheNumbers() {
        assertThat(sentence(WRONG, "--set", "rollout.max_inflight_rollouts=3"))
                .contains("rollout.max_inflight_rollouts is 3")
                .contains("rollout.n = 4");
    }

    @Test
    void anUnknownObjectiveIsRefusedWithTheKnownOnes() {
        assertThat(sentence(WRONG, "--set", "phases=[{objective: rlpp, steps: 3}]"))
                .contains("rlpp")
                .contains("ntp")
                .contains("rlp,");
    }

    @Test
    void aSourceThatIsNotThereIsRefused() {
        assertThat(sentence(WRONG, "--set", "documents.sources=[{files: /nowhere/at/all.jsonl}]"))
                .contains("/nowhere/at/all.jsonl");
    }

    @Test
    void aConfigurationThatIsNotThereIsRefused() {
        assertThat(sentenceOf(WRONG, "up", "-c", folder.resolve("none.yaml"))).contains("none.yaml");
    }

    @Test
    void aConfigurationThatIsNotYamlIsRefused() throws IOException {
        Path config = Files.writeString(folder.resolve("broken.yaml"), "run: {name: [\n");
        assertThat(sentenceOf(WRONG, "up", "-c", config)).contains("broken.yaml");
    }

    @Test
    void aPolicyFolderThatIsNotThereIsNamed() {
        assertThat(sentence(FAILED, "--set", "policy.path=/nowhere/model")).contains("/nowhere/model");
    }

    @Test
    void aDamagedPolicyFolderIsNamed() throws IOException {
        Path model = folder.resolve("model");
        try (ForetellProcess init =
                ForetellProcess.foretell("init", model, "--arch", "qwen3", "--size", "micro", "--tokenizer", "chain")) {
            assertThat(init.awaitExit(DEADLINE)).as("%s", init).isZero();
        }
        Path weights = model.resolve("model.safetensors");
        try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.truncate(Files.size(weights) / 2);
        }
        assertThat(sentence(FAILED, "--set", "policy.path=" + model)).contains("model.safetensors");
    }

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThat(sentence(FAILED, "--set", "http.port=" + taken.getLocalPort()))
                    .contains(String.valueOf(taken.getLocalPort()));
        }
    }

    @Test
    void aRunThatAnotherProcessWorksOnIsLeftAlone() {
        Path config = config(Map.of());
        Path run = new TestRun(folder, "bad").folder();
        try (FolderLock held = FolderLock.take(run.resolve("up"), "a test")) {
            assertThat(sentenceOf(FAILED, "up", "-c", config))
                    .contains("in use by process " + ProcessHandle.current().pid());
        }
    }

    @Test
    void aRoleWithoutKafkaSaysHowToGiveItOne() {
        assertThat(sentenceOf(WRONG, "rollout", "-c", config(Map.of()))).contains("kafka.bootstrap");
    }

    @Test
    void aKafkaThatDoesNotAnswerIsNamed() {
        Path config = config(Map.of("kafka", "{embedded: false, bootstrap: '127.0.0.1:1'}"));
        assertThat(sentenceOf(FAILED, "learner", "-c", config)).contains("127.0.0.1:1");
    }

    private Path config(Map<String, String> overrides) {
        return new TestRun(folder, "bad").config(2, 2, overrides);
    }

    private String sentence(int status, String... arguments) {
        List<Object> all = new ArrayList<>(List.of("up", "-c", config(Map.of())));
        all.addAll(List.of(arguments));
        return sentenceOf(status, all.toArray());
    }

    /** The one line that {@code foretell ARGUMENTS} says on standard error. */
    private static String sentenceOf(int status, Object... arguments) {
        try (ForetellProcess foretell = ForetellProcess.foretell(arguments)) {
            assertThat(foretell.awaitExit(DEADLINE))
                    .as("exit status of %s", foretell)
                    .isEqualTo(status);
            assertThat(foretell.err())
                    .as("standard error of %s", foretell)
                    .singleElement()
                    .asString()
                    .startsWith("! ");
            assertThat(foretell.out()).as("no stack trace").noneMatch(line -> line.startsWith("\tat "));
            return foretell.err().get(0);
        }
    }
}
