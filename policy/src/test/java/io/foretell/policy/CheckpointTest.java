package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.PolicyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    private static final OptimizerSettings SETTINGS = new OptimizerSettings(0.01, 0.9, 0.95, 1e-8, 0.1, 1, 0.9);
    private static final List<String> FILES =
            List.of("config.json", "tokenizer.json", "model.safetensors", "ema.safetensors");

    @TempDir
    Path folder;

    private Path origin(String modelType, boolean tied) {
        return TestModels.write(folder.resolve("origin"), TestModels.config(modelType, 2, tied), 41);
    }

    private static List<Experience> batch(Policy policy) {
        ReferenceDecoder decoder = new ReferenceDecoder(policy.config(), policy.weights(PolicyRole.LIVE));
        return TestBatches.mixed(decoder, new Random(42), 4);
    }

    private static void train(Policy policy, List<Experience> batch, int steps) {
        for (int step = 0; step < steps; step++) {
            TestBatches.accumulate(policy, batch, 0, batch.size());
            policy.step(SETTINGS);
        }
    }

    private void save(Policy policy, String name) {
        policy.save(folder.resolve(name), folder.resolve("origin"));
        policy.saveOptimizer(folder.resolve(name).resolve("optimizer.safetensors"));
    }

    private void assertSameFiles(String left, String right, List<String> files) throws Exception {
        for (String file : files) {
            assertThat(Files.mismatch(
                            folder.resolve(left).resolve(file),
                            folder.resolve(right).resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @CsvSource({"qwen3,true", "qwen2,false", "llama,false"})
    void aSavedPolicyIsOpenedAsItWas(String modelType, boolean tied) throws Exception {
        TokenArray text = TestModels.tokens(new Random(43), 30);
        List<ScoreRequest> request = List.of(new ScoreRequest(text.slice(0, 3), text.slice(3, 30)));
        List<Score> live;
        List<Score> teacher;
        try (Policy policy = Policy.open(origin(modelType, tied), TestModels.ONE_THREAD)) {
            policy.startTraining();
            train(policy, batch(policy), 2);
            policy.save(folder.resolve("saved"), folder.resolve("origin"));
            live = policy.score(PolicyRole.LIVE, request);
            teacher = policy.score(PolicyRole.TEACHER, request);
        }
        assertThat(live).isNotEqualTo(teacher);
        try (Policy policy = Policy.open(folder.resolve("saved"), TestModels.ONE_THREAD)) {
            assertThat(policy.score(PolicyRole.LIVE, request)).isEqualTo(live);
            assertThat(policy.score(PolicyRole.TEACHER, request)).isEqualTo(teacher);
            policy.save(folder.resolve("again"), folder.resolve("saved"));
        }
        assertSameFiles("saved", "again", FILES);
        assertSameFiles("origin", "saved", List.of("config.json", "tokenizer.json"));
    }

    @Test
    void anInterruptedRunContinuesBitByBit() throws Exception {
        List<String> all = List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors");
        List<Experience> batch;
        try (Policy policy = Policy.open(origin("qwen3", true), TestModels.ONE_THREAD)) {
            batch = batch(policy);
            policy.startTraining();
            train(policy, batch, 3);
            save(policy, "middle");
            train(policy, batch, 3);
            save(policy, "uninterrupted");
        }
        try (Policy policy = Policy.open(folder.resolve("middle"), TestModels.ONE_THREAD)) {
            policy.startTraining();
            policy.loadOptimizer(folder.resolve("middle"), "optimizer");
            save(policy, "reopened");
            assertSameFiles("middle", "reopened", all);
            train(policy, batch, 3);
            save(policy, "continued");
        }
        assertSameFiles("uninterrupted", "continued", all);
    }

    @Test
    void aCopyIsOfItsMomentAndIsWrittenByAnotherThreadWhileTrainingGoesOn() throws Exception {
        List<String> all = List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors");
        try (Policy policy = learning(origin("qwen2", false));
                PolicyCopy copy = policy.newCopy()) {
            List<Experience> batch = batch(policy);
            for (int round = 0; round < 2; round++) { // the second uses the memory of the first
                train(policy, batch, 2);
                save(policy, "then" + round);
                policy.copyTo(copy);
                Path copied = folder.resolve("copied" + round);
                CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                    copy.save(copied, folder.resolve("origin"));
                    copy.saveOptimizer(copied.resolve("optimizer.safetensors"));
                });
                train(policy, batch, 3);
                written.join(); // without a deadline: the copy must outlive its writer
                assertSameFiles("then" + round, "copied" + round, all);
            }
            assertSameFiles("then1", "copied1", FILES);
        }
    }

    private static Policy learning(Path origin) {
        Policy policy = Policy.open(origin, TestModels.ONE_THREAD);
        policy.startTraining();
        return policy;
    }

    @Test
    void weightsReplacedWhileTrainingAreTrainedFurther() throws Exception {
        try (Policy policy = Policy.open(origin("llama", false), TestModels.ONE_THREAD)) {
            List<Experience> batch = batch(policy);
            policy.startTraining();
            train(policy, batch, 1);
            save(policy, "first");
            train(policy, batch, 1);
            save(policy, "second");
            policy.load(folder.resolve("first"));
            policy.loadOptimizer(folder.resolve("first"), "optimizer");
            train(policy, batch, 1);
            save(policy, "again");
        }
        assertSameFiles("second", "again", List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors"));
    }

    @Test
    void aDamagedTeacherOrOptimizerLeavesEverythingAsItWas() throws Exception {
        try (Policy policy = Policy.open(origin("qwen2", true), TestModels.ONE_THREAD)) {
            List<Experience> batch = batch(policy);
            policy.startTraining();
            train(policy, batch, 1);
            save(policy, "before");
            Path other = TestModels.write(folder.resolve("other"), TestModels.config("qwen2", 2, true), 44);
            Path wrong = TestModels.write(folder.resolve("wrong"), TestModels.config("qwen2", 1, true), 44);
            Files.copy(wrong.resolve("model.safetensors"), other.resolve("ema.safetensors"));
            assertThatThrownBy(() -> policy.load(other))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("ema.safetensors has no tensor model.layers.1");
            assertThatThrownBy(() -> policy.loadOptimizer(other, "model"))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("model.safetensors has no tensor first_moment.");
            save(policy, "after");
        }
        assertSameFiles("before", "after", List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors"));
    }

    @Test
    void aTeacherThatIsNotInTheFolderStartsAsACopy() {
        try (Policy policy = Policy.open(origin("qwen3", true), TestModels.ONE_THREAD)) {
            assertThat(policy.weights(PolicyRole.TEACHER))
                    .usingRecursiveComparison()
                    .isEqualTo(policy.weights(PolicyRole.LIVE));
        }
    }
}
