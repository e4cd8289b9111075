package io.foretell.policy;

import io.foretell.objectives.ClippedSurrogate;
import io.foretell.objectives.Experience;
import java.util.List;

/**
 * The loss of one micro-batch as a sum over tokens in double precision: w_t * -min(rho A, clip(rho) A) with rho = new /
 * old probability under the sampled distribution (temperature, forbidden first token), plus c_t * -log p at temperature
 * 1.
 */
final class ReferenceLoss {
    private ReferenceLoss() {}

    static double of(
            ReferenceDecoder decoder,
            List<Experience> batch,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            ClippedSurrogate settings) {
        double loss = 0;
        for (int b = 0; b < batch.size(); b++) {
            Experience experience = batch.get(b);
            int[] tokens = experience.tokens().toArray();
            double[][] logits = decoder.logits(tokens); // (T, V)
            boolean first = true;
            for (int t = 1; t < tokens.length; t++) {
                loss -= ceWeights.get(b)[t] * ReferenceDecoder.logProb(logits[t - 1], tokens[t], 1, -1);
                if (experience.lossMask().at(t) != 0) {
                    int forbidden = first ? experience.forbiddenFirst() : -1;
                    first = false;
                    double logProb =
                            ReferenceDecoder.logProb(logits[t - 1], tokens[t], experience.temperature(), forbidden);
                    double ratio = Math.exp(logProb - experience.oldLogProbs().at(t));
                    double clipped = Math.max(1 - settings.low(), Math.min(1 + settings.high(), ratio));
                    double advantage = experience.advantages().at(t);
                    loss -= pgWeights.get(b)[t] * Math.min(ratio * advantage, clipped * advantage);
                }
            }
        }
        return loss;
    }
}
