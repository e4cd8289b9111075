package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * Samples, scores, trains and switches weights in turns for as many minutes as the first argument says, and prints the
 * resident memory every 2,000 rounds. Not a test: run its {@code main} to look for faults and leaks that take hours.
 */
final class Endurance {
    private Endurance() {}

    public static void main(String[] arguments) throws Exception {
        long end = System.nanoTime()
                + Duration.ofMinutes(Long.parseLong(arguments[0])).toNanos();
        Path folder = Files.createTempDirectory("endurance");
        ModelConfig config = TestModels.config("qwen3", 2, true);
        TestModels.write(folder, config, 71);
        try (Policy learner = Policy.open(folder, TestModels.ONE_THREAD);
                Policy sampler = Policy.open(
                        folder, TestModels.ONE_THREAD.with(Precision.BFLOAT16).with(PolicyOptions.Use.SAMPLING))) {
            Random random = new Random(72);
            List<Experience> batch =
                    TestBatches.mixed(new ReferenceDecoder(config, learner.weights(PolicyRole.LIVE)), random, 6);
            learner.startTraining();
            for (long round = 0; System.nanoTime() < end; round++) {
                if (round % 2000 == 0) {
                    System.gc();
                    System.out.printf(Locale.ROOT, "round %d: resident %d KiB%n", round, residentKiB());
                }
                round(learner, sampler, batch, random);
                if (round % 500 == 0) {
                    learner.save(folder, folder);
                    sampler.load(folder);
                }
            }
            System.out.println("survived");
        }
    }

    private static void round(Policy learner, Policy sampler, List<Experience> batch, Random random) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            List<Long> seeds =
                    LongStream.range(0, 1 + random.nextInt(8)).boxed().toList();
            TokenArray prompt = TestModels.tokens(random, 1 + random.nextInt(24));
            requests.add(new GenerationRequest(
                    prompt, seeds, SamplingParameters.plain(1, 0, 1 + random.nextInt(24), random.nextInt(260))));
        }
        List<List<Completion>> samples = sampler.generate(requests);
        learner.score(
                random.nextBoolean() ? PolicyRole.LIVE : PolicyRole.TEACHER,
                List.of(new ScoreRequest(
                        requests.get(0).prompt(), samples.get(0).get(0).tokens())));
        MicroBatchResult result = TestBatches.accumulate(learner, batch, 0, 1 + random.nextInt(batch.size()));
        double norm = learner.step(new OptimizerSettings(1e-5, 0.9, 0.95, 1e-8, 0, 1, 0.99));
        if (!result.isFinite() || !Double.isFinite(norm)) {
            throw new IllegalStateException("loss " + result.loss() + ", norm " + norm);
        }
    }

    private static long residentKiB() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }
}
