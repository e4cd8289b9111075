package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.DirectPreference;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pairs of responses through a model of two layers: value, gradient by finite differences, and what is mixed in. */
class PreferenceGradientTest {
    private static final OptimizerSettings AWAY = new OptimizerSettings(0.01, 0.9, 0.95, 1e-8, 0, 1, -1);
    private static final PolicyGradientLoss LOSS = PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2));
    private static final double BETA = 0.7;

    @TempDir
    Path folder;

    private final Random random = new Random(51);
    private final ModelConfig config = TestModels.config("qwen3", 2, true);
    private Policy policy;
    private ReferenceDecoder decoder;
    private ReferenceDecoder reference;

    @BeforeEach
    void leaveTheReference() {
        policy = Policy.open(TestModels.write(folder, config, 52), TestModels.ONE_THREAD);
        decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
        policy.startTraining();
        TestBatches.accumulate(policy, TestBatches.mixed(decoder, random, 2), 0, 2);
        policy.step(AWAY);
        decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
        reference = new ReferenceDecoder(config, policy.weights(PolicyRole.TEACHER));
    }

    @AfterEach
    void close() {
        policy.close();
    }

    private TokenArray tokens(int length) {
        return TokenArray.of(random.ints(length, 0, config.vocabularySize()).toArray());
    }

    private List<Experience> pair(String name) {
        return Experience.preference(
                name,
                tokens(2 + random.nextInt(3)),
                tokens(2 + random.nextInt(4)),
                tokens(1 + random.nextInt(5)),
                BETA);
    }

    private static double logProb(ReferenceDecoder decoder, Experience side) {
        int[] tokens = side.tokens().toArray();
        double[][] logits = decoder.logits(tokens); // (T, V)
        double sum = 0;
        for (int t = side.preference().from(); t < tokens.length; t++) {
            sum += ReferenceDecoder.logProb(logits[t - 1], tokens[t], 1, -1);
        }
        return sum;
    }

    /** Mean over pairs, chosen sides first, straight from the formula. */
    private double loss(List<Experience> pairs) {
        double loss = 0;
        for (int i = 0; i < pairs.size(); i += 2) {
            double margin = logProb(decoder, pairs.get(i))
                    - logProb(reference, pairs.get(i))
                    - logProb(decoder, pairs.get(i + 1))
                    + logProb(reference, pairs.get(i + 1));
            loss += Math.log(1 + Math.exp(-BETA * margin)) / (pairs.size() / 2);
        }
        return loss;
    }

    private MicroBatchResult accumulate(List<Experience> batch, double pairWeight) {
        return policy.accumulate(
                batch,
                LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(batch),
                LossAggregation.nextTokenWeights(batch),
                List.of(),
                pairWeight,
                LOSS,
                random.nextBoolean());
    }

    @Test
    void gradientsAreFiniteDifferencesOfTheLoss() {
        List<Experience> pairs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pairs.addAll(pair("pair " + i));
        }
        policy.startTraining();
        MicroBatchResult result = accumulate(pairs, LossAggregation.pairWeight(pairs));
        List<float[]> gradients = Gradients.take(policy, folder);

        assertThat(result.loss()).isCloseTo(loss(pairs), within(2e-5));
        assertThat(result.pairs()).hasSize(3);
        assertThat(result.pairs()).extracting(DirectPreference.Cost::margin).doesNotContain(0.0);
        Gradients.assertAreDifferences(
                gradients,
                config,
                decoder,
                4,
                (parameter, sample, weights) -> random.nextInt(weights),
                () -> loss(pairs));
    }

    @Test
    void termsMixedInHaveTheirOwnDenominators() {
        List<Experience> others = TestBatches.mixed(decoder, random, 4);
        List<Experience> pairs = new ArrayList<>(pair("a"));
        pairs.addAll(pair("b"));
        policy.startTraining();
        double alone = accumulate(others, 0).loss();
        accumulate(pairs, 0.5);
        List<float[]> apart = Gradients.take(policy, folder);

        List<Experience> mixed = new ArrayList<>(others.subList(0, 2));
        mixed.addAll(pairs);
        mixed.addAll(others.subList(2, 4));
        policy.startTraining();
        MicroBatchResult together = accumulate(mixed, LossAggregation.pairWeight(mixed));
        List<float[]> gradients = Gradients.take(policy, folder);

        assertThat(together.loss()).isCloseTo(alone + loss(pairs), within(2e-5));
        for (int i = 0; i < gradients.size(); i++) {
            assertThat(gradients.get(i))
                    .as("parameter %d", i)
                    .containsExactly(apart.get(i), within(2e-5f * (float) Gradients.largest(apart.get(i)) + 1e-9f));
        }
    }

    @Test
    void aPairOfTheSameTextPullsNowhere() {
        TokenArray context = tokens(3);
        TokenArray response = tokens(4);
        List<Experience> same = Experience.preference("same", context, response, response, BETA);
        policy.startTraining();
        MicroBatchResult result = accumulate(same, 1);

        assertThat(result.loss()).isCloseTo(Math.log(2), within(1e-6));
        for (float[] gradient : Gradients.take(policy, folder)) {
            assertThat(Gradients.largest(gradient)).isZero();
        }
    }

    @Test
    void aSideWithoutItsOtherIsRefused() {
        policy.startTraining();
        assertThatThrownBy(() -> accumulate(pair("lonely").subList(0, 1), 1))
                .isInstanceOf(PolicyException.class)
                .hasMessage("pair lonely has only one side in its micro-batch");
    }
}
