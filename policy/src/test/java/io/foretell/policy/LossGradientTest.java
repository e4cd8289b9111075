package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.huggingface.ModelConfig;
import io.foretell.losses.Cispo;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.Gspo;
import io.foretell.losses.KlTerm;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.Reinforce;
import io.foretell.losses.RolloutCorrection;
import io.foretell.losses.RolloutCorrection.Level;
import io.foretell.losses.Sapo;
import io.foretell.policy.ReferenceLoss.Formula;
import io.foretell.policy.ReferenceLoss.Place;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every loss through a model of two layers: its value, and its gradient by finite differences in double precision. */
class LossGradientTest {
    private static final RolloutCorrection ICE_POP = new RolloutCorrection(Level.TOKEN, 1.2, Level.TOKEN, 0.7, 1.4);

    @TempDir
    Path folder;

    /** A loss and its formula; {@code start} is the log-probability of a token at the start of the update. */
    enum Case {
        DUAL_CLIP(PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.3, 1.2)), (ratio, frozen, lp, a) -> {
            double loss = clipped(ratio, a, 0.2, 0.3);
            return a < 0 ? Math.min(loss, -1.2 * a) : loss;
        }),
        CISPO(
                PolicyGradientLoss.of(new Cispo(0.2, 0.3)),
                (ratio, frozen, lp, a) -> -Math.max(0.8, Math.min(1.3, frozen)) * a * lp),
        SAPO(
                PolicyGradientLoss.of(new Sapo(1, 1.05)),
                (ratio, frozen, lp, a) ->
                        -a * 4 / (a > 0 ? 1 : 1.05) / (1 + Math.exp((a > 0 ? 1 : 1.05) * (1 - ratio)))),
        GPG(PolicyGradientLoss.of(new Reinforce()), (ratio, frozen, lp, a) -> -a * lp),
        GSPO(PolicyGradientLoss.of(new Gspo(0.05, 0.05)), null),
        DECOUPLED(
                new PolicyGradientLoss(new ClippedSurrogate(0.2, 0.3), true, ICE_POP, KlTerm.NONE, 0),
                (ratio, frozen, lp, a) -> clipped(ratio, a, 0.2, 0.3)),
        DECOUPLED_LATER(
                new PolicyGradientLoss(new ClippedSurrogate(0.2, 0.3), true, ICE_POP, KlTerm.NONE, 0),
                (ratio, frozen, lp, a) -> clipped(ratio, a, 0.2, 0.3)),
        KL(
                new PolicyGradientLoss(
                        new Reinforce(), false, RolloutCorrection.NONE, KlTerm.parse("low_var_kl", 0.3), 0),
                (ratio, frozen, lp, a) -> -a * lp),
        ENTROPY(
                new PolicyGradientLoss(new Reinforce(), false, RolloutCorrection.NONE, KlTerm.NONE, 0.3),
                (ratio, frozen, lp, a) -> -a * lp);

        private final PolicyGradientLoss loss;
        private final TokenFormula formula;

        Case(PolicyGradientLoss loss, TokenFormula formula) {
            this.loss = loss;
            this.formula = formula;
        }

        /** By ratio now and before the weights were touched, log-probability and advantage. */
        private interface TokenFormula {
            double of(double ratio, double frozen, double logProb, double advantage);
        }

        private static double clipped(double ratio, double a, double low, double high) {
            return Math.max(-ratio * a, -Math.max(1 - low, Math.min(1 + high, ratio)) * a);
        }

        /** The log-probability that a ratio is to. */
        private double start(List<Place> frozen, List<Double> rollout, int t) {
            double moved = this == DECOUPLED_LATER ? (t % 2 == 0 ? 0.3 : -0.3) : 0;
            return loss.decoupled() ? frozen.get(t).logProb() + moved : rollout.get(t);
        }

        private double[] starts(ReferenceLoss.Tokens frozen) {
            return IntStream.range(0, frozen.places().size())
                    .mapToDouble(t -> start(frozen.places(), frozen.rollout(), t))
                    .toArray();
        }

        private Formula sequence() {
            return (now, frozen, teacher) -> {
                int n = now.places().size();
                double mean = IntStream.range(0, n)
                        .mapToDouble(t -> now.places().get(t).logProb() - start(frozen, now.rollout(), t))
                        .average()
                        .orElse(0);
                double sum = 0;
                for (int t = 0; t < n; t++) {
                    double lp = now.places().get(t).logProb();
                    double start = start(frozen, now.rollout(), t);
                    double a = now.advantages().get(t);
                    double w = Math.exp(start - now.rollout().get(t));
                    double factor = !loss.decoupled() ? 1 : w < 0.7 || w > 1.4 ? 0 : Math.min(w, 1.2);
                    double token = formula == null
                            ? clipped(Math.exp(mean), a, 0.05, 0.05)
                            : formula.of(
                                    Math.exp(lp - start), Math.exp(frozen.get(t).logProb() - start), lp, a);
                    double d = lp - teacher.get(t).logProb();
                    double kl = this == KL ? 0.3 * Math.min(10, Math.exp(-d) - 1 + d) : 0;
                    double entropy = this == ENTROPY ? 0.3 * now.places().get(t).entropy() : 0;
                    sum += now.weights().get(t) * (factor * token + kl - entropy);
                }
                return sum;
            };
        }
    }

    private static final OptimizerSettings AWAY = new OptimizerSettings(0.01, 0.9, 0.95, 1e-8, 0, 1, -1);

    @ParameterizedTest
    @EnumSource(Case.class)
    void gradientsAreFiniteDifferencesOfTheLoss(Case one) {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        Random random = new Random(31);
        try (Policy policy = Policy.open(TestModels.write(folder, config, 32), TestModels.ONE_THREAD)) {
            leaveTheTeacher(policy, config, random);
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            ReferenceDecoder teacher = new ReferenceDecoder(config, policy.weights(PolicyRole.TEACHER));
            List<Experience> batch = TestBatches.mixed(decoder, random, 5);
            List<float[]> pg = LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(batch);
            List<float[]> ce = LossAggregation.nextTokenWeights(batch);
            List<ReferenceLoss.Tokens> frozen = ReferenceLoss.tokens(decoder, batch, pg);
            List<ReferenceLoss.Tokens> reference = ReferenceLoss.tokens(teacher, batch, pg);
            List<double[]> proximal = one == Case.DECOUPLED_LATER
                    ? frozen.stream().map(one::starts).toList()
                    : List.of();
            policy.startTraining();
            MicroBatchResult result = policy.accumulate(batch, pg, ce, proximal, 0, one.loss, random.nextBoolean());
            List<float[]> gradients = Gradients.take(policy, folder);

            Formula formula = one.sequence();
            assertThat(result.loss())
                    .isCloseTo(ReferenceLoss.of(decoder, batch, pg, ce, formula, frozen, reference), within(2e-5));
            Gradients.assertAreDifferences(
                    gradients,
                    config,
                    decoder,
                    4,
                    (parameter, sample, weights) -> random.nextInt(weights),
                    () -> ReferenceLoss.of(decoder, batch, pg, ce, formula, frozen, reference));
        }
    }

    private static void leaveTheTeacher(Policy policy, ModelConfig config, Random random) {
        ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
        policy.startTraining();
        List<Experience> batch = TestBatches.mixed(decoder, random, 2);
        TestBatches.accumulate(policy, batch, 0, 2);
        policy.step(AWAY);
        assertThat(policy.weights(PolicyRole.LIVE).get(0))
                .isNotEqualTo(policy.weights(PolicyRole.TEACHER).get(0));
    }

    /** All terms at once: weights are of the whole step, so how it is cut into micro-batches changes nothing. */
    @ParameterizedTest
    @EnumSource
    void anySplitIntoMicroBatchesHasTheGradientOfTheWhole(LossAggregation aggregation) {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        PolicyGradientLoss loss =
                new PolicyGradientLoss(new ClippedSurrogate(0.2, 0.3), true, ICE_POP, KlTerm.parse("k3+", 0.3), 0.1);
        for (int seed = 40; seed < 44; seed++) {
            Random random = new Random(seed);
            try (Policy policy =
                    Policy.open(TestModels.write(folder.resolve("m" + seed), config, seed), TestModels.ONE_THREAD)) {
                leaveTheTeacher(policy, config, random);
                ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
                List<Experience> step = TestBatches.mixed(decoder, random, 6);
                List<float[]> pg = aggregation.weights(step, 20);
                List<float[]> ce = LossAggregation.nextTokenWeights(step);
                policy.startTraining();
                double whole = policy.accumulate(step, pg, ce, loss, false).loss();
                List<float[]> together = Gradients.take(policy, folder);
                policy.startTraining();
                double parts = 0;
                for (int from = 0, to; from < 6; from = to) {
                    to = from + 1 + random.nextInt(6 - from);
                    parts += policy.accumulate(
                                    step.subList(from, to), pg.subList(from, to), ce.subList(from, to), loss, true)
                            .loss();
                }
                List<float[]> apart = Gradients.take(policy, folder);

                assertThat(parts).as("seed %d", seed).isCloseTo(whole, within(1e-4 * Math.abs(whole)));
                for (int i = 0; i < together.size(); i++) {
                    assertThat(apart.get(i))
                            .as("parameter %d, seed %d", i, seed)
                            .containsExactly(
                                    together.get(i), within(2e-5f * (float) Gradients.largest(together.get(i))));
                }
            }
        }
    }

    /** What the first pass reports is what the second is told the update started from. */
    @Test
    void theFirstPassKnowsTheLogProbabilitiesAtTheStartOfTheUpdate() {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        Random random = new Random(33);
        try (Policy policy = Policy.open(TestModels.write(folder, config, 34), TestModels.ONE_THREAD)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> batch = TestBatches.mixed(decoder, random, 4);
            List<float[]> pg = LossAggregation.TOKEN_MEAN.weights(batch);
            List<float[]> ce = LossAggregation.nextTokenWeights(batch);
            PolicyGradientLoss loss = Case.DECOUPLED.loss;
            policy.startTraining();
            MicroBatchResult first = policy.accumulate(batch, pg, ce, loss, false);
            List<double[]> start =
                    first.sequences().stream().map(SequenceStatistics::logProbs).toList();
            assertThat(first.sequences()).allMatch(s -> s.klMean() == 0 && s.clipFraction() == 0);
            policy.step(AWAY);

            MicroBatchResult second = policy.accumulate(batch, pg, ce, start, 0, loss, false);

            for (int b = 0; b < batch.size(); b++) {
                SequenceStatistics before = first.sequences().get(b);
                SequenceStatistics after = second.sequences().get(b);
                assertThat(after.correction().factors())
                        .isEqualTo(before.correction().factors());
                double drift = IntStream.range(0, after.tokens())
                        .mapToDouble(t -> before.logProbs()[t] - after.logProbs()[t])
                        .average()
                        .orElseThrow();
                assertThat(after.klMean()).isCloseTo(drift, within(1e-9)).isNotZero();
            }
        }
    }
}
