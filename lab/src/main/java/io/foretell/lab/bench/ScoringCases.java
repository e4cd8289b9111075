package io.foretell.lab.bench;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.RandomWeights;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.ScoreRequest;
import io.foretell.policy.SequenceStatistics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Cost of log-probabilities, their difference between sampler and learner, and cost of loading new weights. */
final class ScoringCases {
    private static final int GROUPS = 100;
    private static final int GROUP = 4;
    private static final int PROMPT = 32;
    private static final int NEW_TOKENS = 32;
    private static final int GROUPS_AT_A_TIME = 10;

    /** Standard deviation of weights that gives distributions as peaked as a trained model's. */
    private static final double PEAKED = 0.1;

    private static final int LARGE_VOCABULARY = 151_936;
    private static final int SCORED = 8192;
    private static final int SEQUENCES = 8;

    private final BenchModel model;
    private final BenchOptions options;

    ScoringCases(BenchModel model, BenchOptions options) {
        this.model = model;
        this.options = options;
    }

    /** Memory added by scoring 8,192 tokens at once with a large vocabulary. */
    BenchReport.Figures memory(Precision precision) {
        Path folder = model.folder().resolveSibling("large-vocabulary");
        String size = options.size().equals("micro") ? "micro" : "tiny";
        BenchModel large = BenchModel.write(folder, size, LARGE_VOCABULARY, RandomWeights.DEVIATION);
        int length = SCORED / SEQUENCES;
        List<ScoreRequest> requests = large.texts(SEQUENCES, length + 1, 7).stream()
                .map(text -> new ScoreRequest(text.slice(0, 1), text.slice(1, length + 1)))
                .toList();
        try (Policy policy = large.open(precision, PolicyOptions.Use.SCORING)) {
            TokenArray few = requests.get(0).continuation().slice(0, 2);
            policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(few, few)));
            double[] seconds = new double[1];
            ResidentMemory memory = ResidentMemory.during(
                    () -> seconds[0] = Stopwatch.seconds(() -> policy.score(PolicyRole.LIVE, requests)));
            return memory.into(new BenchReport.Figures().put("tokens_per_second", SCORED / seconds[0]));
        }
    }

    /** The learner's log-probabilities of sampled tokens, at fresh weights and at large ones. */
    BenchReport.Figures agreement(Precision precision) {
        BenchReport.Figures figures = new BenchReport.Figures();
        agreement(model, precision, "", figures);
        Path folder = model.folder().resolveSibling("peaked");
        agreement(
                BenchModel.write(folder, options.size(), BenchModel.VOCABULARY, PEAKED), precision, "peaked_", figures);
        return figures;
    }

    private static void agreement(BenchModel of, Precision precision, String prefix, BenchReport.Figures figures) {
        List<SequenceStatistics> all = new ArrayList<>();
        try (Policy policy = of.open(precision, PolicyOptions.Use.TRAINING)) {
            policy.startTraining();
            List<TokenArray> prompts = of.texts(GROUPS, PROMPT, 8);
            for (int from = 0; from < GROUPS; from += GROUPS_AT_A_TIME) {
                List<Experience> batch = sampled(policy, prompts.subList(from, from + GROUPS_AT_A_TIME));
                List<float[]> none = batch.stream()
                        .map(each -> new float[each.tokens().length()])
                        .toList();
                all.addAll(policy.accumulate(
                                batch, none, none, PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)), false)
                        .sequences());
                policy.discardGradients();
            }
        }
        figures.put(
                        prefix + "mean_difference",
                        mean(all.stream()
                                .mapToDouble(SequenceStatistics::absoluteDifferenceMean)
                                .toArray()))
                .put(
                        prefix + "largest_difference",
                        all.stream()
                                .mapToDouble(SequenceStatistics::absoluteDifferenceMax)
                                .max()
                                .orElseThrow())
                .put(
                        prefix + "entropy",
                        mean(all.stream()
                                .mapToDouble(SequenceStatistics::entropyMean)
                                .toArray()));
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static List<Experience> sampled(Policy policy, List<TokenArray> prompts) {
        List<Long> seeds = LongStream.range(0, GROUP).boxed().toList();
        List<List<Completion>> groups = policy.generate(prompts.stream()
                .map(prompt -> new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, 0, NEW_TOKENS, -1)))
                .toList());
        List<Experience> batch = new ArrayList<>();
        for (int p = 0; p < prompts.size(); p++) {
            for (Completion sample : groups.get(p)) {
                batch.add(experience(prompts.get(p), sample));
            }
        }
        return batch;
    }

    private static Experience experience(TokenArray prompt, Completion sample) {
        TokenArray tokens = prompt.concat(sample.tokens());
        float[] mask = new float[tokens.length()];
        Arrays.fill(mask, prompt.length(), mask.length, 1);
        float[] old = new float[tokens.length()];
        sample.logProbs().copyTo(old, prompt.length());
        FloatArray zeros = FloatArray.zeros(tokens.length());
        return new Experience(tokens, zeros, FloatArray.of(mask), FloatArray.of(old), zeros, 1f, -1);
    }

    /** Time to read other weights from a folder in the page cache, and to switch to them. */
    BenchReport.Figures swap(Precision precision) {
        try (Policy policy = model.open(precision, PolicyOptions.Use.SAMPLING)) {
            return new BenchReport.Figures()
                    .put("seconds", Stopwatch.best(options.rounds(), () -> policy.load(model.folder())));
        }
    }
}
