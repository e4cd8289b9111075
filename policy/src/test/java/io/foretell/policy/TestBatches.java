package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random experiences that use every part of the loss. */
final class TestBatches {
    static final PolicyGradientLoss CLIP = PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.3));

    private TestBatches() {}

    /**
     * Context tokens carry the next-token term, later ones the policy-gradient term, the last ones both. Old
     * log-probabilities lie around the decoder's own, so that some ratios are clipped; temperatures differ.
     */
    static List<Experience> mixed(ReferenceDecoder decoder, Random random, int count) {
        List<Experience> batch = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            int length = 8 + random.nextInt(7);
            int context = 3 + random.nextInt(3);
            float temperature = new float[] {0.7f, 1f, 1.4f}[b % 3];
            TokenArray tokens = TestModels.tokens(random, length);
            int forbidden = b % 2 == 0 ? (tokens.at(context) + 1) % TestModels.VOCABULARY : -1;
            double[][] logits = decoder.logits(tokens.toArray());
            float[] advantages = new float[length];
            float[] mask = new float[length];
            float[] old = new float[length];
            float[] ce = new float[length];
            for (int t = 1; t < length; t++) {
                if (t >= context) {
                    int removed = t == context ? forbidden : -1;
                    double own = ReferenceDecoder.logProb(logits[t - 1], tokens.at(t), temperature, removed);
                    mask[t] = 1;
                    advantages[t] = (float) random.nextGaussian();
                    old[t] = (float) (own + 0.3 * random.nextGaussian());
                }
                if (t < context || t > length - 3) {
                    ce[t] = 0.5f;
                }
            }
            batch.add(new Experience(
                    tokens,
                    FloatArray.of(advantages),
                    FloatArray.of(mask),
                    FloatArray.of(old),
                    FloatArray.of(ce),
                    temperature,
                    forbidden));
        }
        return batch;
    }

    /** Accumulates {@code part} of the experiences of {@code step}. */
    static MicroBatchResult accumulate(Policy policy, List<Experience> step, int from, int to) {
        return policy.accumulate(
                step.subList(from, to),
                LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(step).subList(from, to),
                LossAggregation.nextTokenWeights(step).subList(from, to),
                CLIP,
                false);
    }
}
