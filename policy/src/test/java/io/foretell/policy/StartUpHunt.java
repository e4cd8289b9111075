package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;

/**
 * Starts everything at once in a fresh JVM: one thread opens a policy and trains 20 steps while two others open and
 * sample. Not a test: run its {@code main} many times under load to look for crashes of the native library.
 */
final class StartUpHunt {
    private StartUpHunt() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("hunt");
        TestModels.write(folder, TestModels.config("qwen3", 2, true), 1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        threads.add(new Thread(() -> train(folder), "trainer"));
        threads.add(new Thread(() -> sample(folder), "sampler-1"));
        threads.add(new Thread(() -> sample(folder), "sampler-2"));
        for (Thread thread : threads) {
            thread.setUncaughtExceptionHandler((where, error) -> failure.set(error));
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            failure.get().printStackTrace();
            System.exit(1);
        }
        System.out.println("survived");
    }

    private static void train(Path folder) {
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            policy.startTraining();
            TokenArray text = policy.tokenizer().encode("the cat sat on the mat");
            List<Experience> batch = List.of(Experience.nextToken(text, 1, java.util.Set.of()));
            for (int step = 0; step < 20; step++) {
                policy.accumulate(
                        batch,
                        LossAggregation.TOKEN_MEAN.weights(batch),
                        LossAggregation.nextTokenWeights(batch),
                        PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)),
                        false);
                policy.step(new OptimizerSettings(1e-3, 0.9, 0.95, 1e-8, 0, 1, 0.9));
            }
        }
    }

    private static void sample(Path folder) {
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            TokenArray prompt = policy.tokenizer().encode("the cat");
            for (int round = 0; round < 5; round++) {
                List<Long> seeds = LongStream.range(0, 8).boxed().toList();
                List<Completion> samples = policy.generate(
                                List.of(new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, 0, 16, -1))))
                        .get(0);
                policy.score(
                        PolicyRole.LIVE,
                        samples.stream()
                                .map(sample -> new ScoreRequest(prompt, sample.tokens()))
                                .toList());
            }
        }
    }
}
