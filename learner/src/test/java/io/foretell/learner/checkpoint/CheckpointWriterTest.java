package io.foretell.learner.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.buffer.Groups;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.learner.Runs;
import io.foretell.learner.TrainingStep;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWriterTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    static Path models;

    @TempDir
    Path folder;

    private static Policy policy;

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);

    @BeforeAll
    static void open() {
        policy = Runs.policy(models, 3);
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    @BeforeEach
    void begin() {
        policy.load(models.resolve("model-3"));
        policy.startTraining();
        train();
    }

    private static void train() {
        TokenArray text = policy.tokenizer().encodeDocument("x3=7 x4=9 x5=2");
        new TrainingStep(policy, Runs.settings())
                .run(Runs.objective("ntp", policy.tokenizer(), Map.of()), List.of(Groups.text("t", text)), 1e-2, 0.9);
    }

    private CheckpointWriter writer(Runnable sync, boolean async, Duration timeout) {
        return new CheckpointWriter(
                policy,
                models.resolve("origin"),
                new CheckpointStore(folder.resolve("checkpoints"), 2),
                sync,
                async,
                timeout,
                Time.system());
    }

    private void awaitGate() {
        reached.countDown();
        await(gate);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static CheckpointState state(long step) {
        return new CheckpointState(step, 0, Map.of(), Map.of(), Map.of(), "f", List.of());
    }

    private CheckpointStore.Loaded latest() {
        return new CheckpointStore(folder.resolve("checkpoints"), 2)
                .loadLatest()
                .orElseThrow();
    }

    @Test
    void aCheckpointIsOfTheMomentItWasBegunThoughTrainingGoesOn() throws IOException {
        policy.save(folder.resolve("then"), models.resolve("origin"));
        policy.saveOptimizer(folder.resolve("then/optimizer.safetensors"));
        float[] then = policy.weights(PolicyRole.LIVE).get(0);
        try (CheckpointWriter writer = writer(this::awaitGate, true, LONG)) {
            writer.begin(state(1));
            train();
            assertThat(policy.weights(PolicyRole.LIVE).get(0)).isNotEqualTo(then);
            assertThat(writer.writing()).isEqualTo(1);
            assertThat(writer.settle()).isEmpty();
            gate.countDown();
            assertThat(writer.await()).hasValueSatisfying(written -> {
                assertThat(written.step()).isEqualTo(1);
                assertThat(written.bytes()).isGreaterThan(1000);
            });
            assertThat(writer.await()).as("told once").isEmpty();
        }
        assertThat(latest().state()).isEqualTo(state(1));
        for (String file : List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors")) {
            assertThat(Files.mismatch(
                            latest().folder().resolve(file),
                            folder.resolve("then").resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    @Test
    void aCrashWhileOneIsWrittenGoesBackToTheOneBefore() {
        try (CheckpointWriter first = writer(() -> {}, true, LONG)) {
            first.begin(state(1));
            first.await();
        }
        try (CheckpointWriter writer = writer(this::awaitGate, true, LONG)) {
            writer.begin(state(2));
            await(reached);
            Path crashed = copyOf(folder.resolve("checkpoints"), folder.resolve("crashed"));
            assertThat(new CheckpointStore(crashed, 2)
                            .loadLatest()
                            .orElseThrow()
                            .state())
                    .isEqualTo(state(1));
            gate.countDown();
        }
        assertThat(latest().state()).as("closing waits for it").isEqualTo(state(2));
    }

    private static Path copyOf(Path from, Path to) {
        try (Stream<Path> found = Files.walk(from)) {
            for (Path path : found.toList()) {
                Path copy = to.resolve(from.relativize(path));
                if (Files.isDirectory(path)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(path, copy);
                }
            }
            return to;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whoeverWaitsTooLongIsToldForWhat() throws InterruptedException {
        try (CheckpointWriter writer = writer(this::awaitGate, true, Duration.ofMillis(50))) {
            writer.begin(state(7));
            assertThatThrownBy(() -> writer.begin(state(8))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(writer::await)
                    .isInstanceOf(ForetellException.class)
                    .hasMessageContaining("checkpoint of step 7")
                    .hasMessageContaining("ckpt.timeout");
            gate.countDown();
            while (writer.writing() != -1) { // it would go on while its folder is deleted
                Thread.sleep(5);
            }
        }
    }

    @Test
    void whatGoesWrongIsToldAndTheOneBeforeStaysTheLatest() throws IOException {
        try (CheckpointWriter first = writer(() -> {}, false, LONG)) {
            first.begin(state(1));
            assertThat(first.writing()).as("at once").isEqualTo(-1);
            assertThat(first.settle()).isPresent();
        }
        try (CheckpointWriter writer = writer(
                () -> {
                    throw new ForetellException(ErrorCode.STORAGE, "the disk is full");
                },
                true,
                LONG)) {
            writer.begin(state(2));
            assertThatThrownBy(writer::await)
                    .isInstanceOf(ForetellException.class)
                    .hasMessage("the disk is full");
            assertThat(writer.settle()).isEmpty();
        }
        assertThat(latest().state()).isEqualTo(state(1));
        try (Stream<Path> found = Files.list(folder.resolve("checkpoints"))) {
            assertThat(found.map(path -> path.getFileName().toString()))
                    .as("a full disk has its room back")
                    .containsExactlyInAnyOrder("000001", "latest");
        }
    }
}
