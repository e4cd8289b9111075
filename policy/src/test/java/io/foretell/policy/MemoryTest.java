package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Model;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDManager;
import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryTest {
    /** KiB. Kept activations would be some 500 KiB a round; what is seen is the Java heap and allocators settling. */
    private static final long BOUND = 64 << 10;

    @TempDir
    Path folder;

    @Test
    void fiveHundredCallsOfEachKindKeepNoMemory() throws Exception {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        try (Policy policy = Policy.open(TestModels.write(folder, config, 71), TestModels.ONE_THREAD)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> batch = TestBatches.mixed(decoder, new Random(72), 4);
            policy.startTraining();
            work(policy, batch, 100);
            long arrays = liveArrays(policy);
            long growth = Long.MAX_VALUE;
            for (int window = 0; window < 3 && growth >= BOUND; window++) { // a leak goes on, what settles does not
                long before = residentKiB();
                work(policy, batch, 500);
                growth = residentKiB() - before;
            }
            System.out.printf("500 rounds: resident memory grew by %d KiB; %d arrays live%n", growth, arrays);
            assertThat(liveArrays(policy)).isEqualTo(arrays);
            assertThat(growth).isLessThan(BOUND);
        }
    }

    private static void work(Policy policy, List<Experience> batch, int rounds) {
        Random random = new Random(73);
        for (int round = 0; round < rounds; round++) {
            TokenArray prompt = TestModels.tokens(random, 1 + random.nextInt(16));
            List<Completion> samples = policy.generate(List.of(new GenerationRequest(
                            prompt, List.of(1L, 2L, 3L, 4L), SamplingParameters.plain(1f, 1, 8, 3))))
                    .get(0);
            policy.score(
                    PolicyRole.TEACHER,
                    List.of(new ScoreRequest(prompt, samples.get(0).tokens())));
            TestBatches.accumulate(policy, batch, 0, batch.size());
            policy.step(new OptimizerSettings(1e-4, 0.9, 0.95, 1e-8, 0, 1, 0.9));
        }
    }

    /** Arrays and managers that hang on the policy's own manager, at any depth. */
    private static long liveArrays(Policy policy) throws ReflectiveOperationException {
        PolicyProgram program = (PolicyProgram) field(Policy.class, "program", policy);
        Model model = (Model) field(PolicyProgram.class, "model", program);
        return count(model.getNDManager());
    }

    private static long count(NDManager manager) throws ReflectiveOperationException {
        long count = 0;
        for (Object resource : ((Map<?, ?>) field(BaseNDManager.class, "resources", manager)).values()) {
            count += resource instanceof NDManager below ? 1 + count(below) : 1;
        }
        return count;
    }

    private static Object field(Class<?> type, String name, Object owner) throws ReflectiveOperationException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    private static long residentKiB() throws Exception {
        System.gc();
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
