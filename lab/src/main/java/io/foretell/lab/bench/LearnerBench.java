package io.foretell.lab.bench;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.lab.bench.Stopwatch.Turns;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.policy.OptimizerSettings;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code foretell bench learner}: how fast a model learns, and how much memory it takes. */
@Command(
        name = "learner",
        description = {
            "A training step of a random model on 8 x 256 tokens: forward, clipped surrogate, backward, clipping, AdamW,"
                    + " moving average.",
            "Cases: checkpointed (layers run twice and keep only their inputs), train."
        },
        footer = {"", "Example: ./foretell bench learner --precision float32 --rounds 10"},
        mixinStandardHelpOptions = true)
final class LearnerBench implements Callable<Integer> {
    private static final int SEQUENCES = 8;
    private static final int TOKENS = 256;
    private static final double TOKENS_A_STEP = SEQUENCES * TOKENS;
    private static final PolicyGradientLoss LOSS = PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2));
    private static final OptimizerSettings STEP = new OptimizerSettings(1e-6, 0.9, 0.95, 1e-8, 0.01, 1, 0.99);

    @Mixin
    private BenchOptions options;

    @Override
    public Integer call() throws IOException {
        return options.run("learner", this::cases);
    }

    /* The case that needs less memory runs first: memory it has freed does not hide what the other needs. */
    private List<BenchCases.Case> cases(BenchModel model, ModelPeak peak) {
        List<BenchCases.Case> all = new ArrayList<>();
        for (Precision precision : options.precisions()) {
            all.add(new BenchCases.Case("checkpointed " + precision.text(), () -> train(model, peak, precision, true)));
            all.add(new BenchCases.Case("train " + precision.text(), () -> train(model, peak, precision, false)));
        }
        return all;
    }

    private BenchReport.Figures train(BenchModel model, ModelPeak peak, Precision precision, boolean recompute) {
        List<TokenArray> texts = model.texts(SEQUENCES, TOKENS + 1, 9);
        List<Experience> batch = texts.stream()
                .map(text -> experience(text, -Math.log(model.config().vocabularySize())))
                .toList();
        BenchReport.Figures figures = new BenchReport.Figures();
        try (@Nullable TransformersPeer peer = options.peer(model, precision);
                Policy policy = model.open(precision, PolicyOptions.Use.TRAINING)) {
            policy.startTraining();
            ResidentMemory memory = ResidentMemory.during(() -> step(policy, batch, recompute));
            DoubleSupplier ours = () -> Stopwatch.seconds(() -> step(policy, batch, recompute));
            double share = Stopwatch.share(
                    options.rounds(),
                    () -> peak.now(policy, precision),
                    ours,
                    (now, seconds) -> now.training(precision, model.weights(), TOKENS_A_STEP, seconds));
            figures.put("share_of_peak", share);
            if (peer == null) {
                figures.put(
                        "tokens_per_second",
                        TOKENS_A_STEP / Stopwatch.best(options.rounds(), () -> step(policy, batch, recompute)));
            } else {
                peer.train(texts, recompute);
                Turns turns = Stopwatch.inTurns(options.rounds(), ours, () -> peer.train(texts, recompute));
                figures.put("tokens_per_second", TOKENS_A_STEP / turns.median(0))
                        .put("peer_tokens_per_second", TOKENS_A_STEP / turns.median(1))
                        .put("times_as_fast_as_peer", turns.timesAsFast(0, 1));
            }
            return memory.into(figures);
        }
    }

    static void step(Policy policy, List<Experience> batch, boolean recompute) {
        policy.accumulate(
                batch,
                LossAggregation.TOKEN_MEAN.weights(batch),
                LossAggregation.nextTokenWeights(batch),
                LOSS,
                recompute);
        policy.step(STEP);
    }

    /** Every token but the first is trained; the advantages alternate between 1 and -1. */
    static Experience experience(TokenArray text, double oldLogProb) {
        int length = text.length();
        float[] mask = new float[length];
        Arrays.fill(mask, 1, length, 1);
        float[] old = new float[length];
        Arrays.fill(old, 1, length, (float) oldLogProb);
        float[] advantages = new float[length];
        for (int t = 1; t < length; t++) {
            advantages[t] = t % 2 == 0 ? 1 : -1;
        }
        return new Experience(
                text,
                FloatArray.of(advantages),
                FloatArray.of(mask),
                FloatArray.of(old),
                FloatArray.zeros(length),
                1f,
                -1);
    }
}
