package io.foretell.policy;

import io.foretell.domain.Experience;
import java.util.ArrayList;
import java.util.List;

/**
 * The loss of one micro-batch as a sum over tokens in double precision, independent of the classes it is compared with:
 * c_t * -log p at temperature 1 for next-token terms, and any formula for the policy-gradient tokens of a sequence.
 */
final class ReferenceLoss {
    private ReferenceLoss() {}

    /** The policy-gradient tokens of one sequence, one entry each. */
    record Tokens(List<Double> weights, List<Double> advantages, List<Double> rollout, List<Place> places) {}

    /** Log-probability and entropy of a token under the sampled distribution (temperature, forbidden first token). */
    record Place(double logProb, double entropy) {}

    /** What a sequence costs; {@code frozen} are its places before the weights were touched. */
    interface Formula {
        double of(Tokens now, List<Place> frozen, List<Place> teacher);
    }

    /** w_t * -min(rho A, clip(rho) A) with rho = new / sampler's probability. */
    static Formula clipped(double low, double high) {
        return (now, frozen, teacher) -> {
            double loss = 0;
            for (int t = 0; t < now.places().size(); t++) {
                double ratio =
                        Math.exp(now.places().get(t).logProb() - now.rollout().get(t));
                double kept = Math.max(1 - low, Math.min(1 + high, ratio));
                double advantage = now.advantages().get(t);
                loss -= now.weights().get(t) * Math.min(ratio * advantage, kept * advantage);
            }
            return loss;
        };
    }

    static double of(
            ReferenceDecoder decoder,
            List<Experience> batch,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            Formula formula,
            List<Tokens> frozen,
            List<Tokens> teacher) {
        double loss = 0;
        for (int b = 0; b < batch.size(); b++) {
            int[] tokens = batch.get(b).tokens().toArray();
            double[][] logits = decoder.logits(tokens); // (T, V)
            for (int t = 1; t < tokens.length; t++) {
                loss -= ceWeights.get(b)[t] * ReferenceDecoder.logProb(logits[t - 1], tokens[t], 1, -1);
            }
            loss += formula.of(
                    tokens(logits, batch.get(b), pgWeights.get(b)),
                    frozen.get(b).places(),
                    teacher.get(b).places());
        }
        return loss;
    }

    static List<Tokens> tokens(ReferenceDecoder decoder, List<Experience> batch, List<float[]> pgWeights) {
        List<Tokens> all = new ArrayList<>();
        for (int b = 0; b < batch.size(); b++) {
            all.add(tokens(decoder.logits(batch.get(b).tokens().toArray()), batch.get(b), pgWeights.get(b)));
        }
        return all;
    }

    private static Tokens tokens(double[][] logits, Experience experience, float[] weights) {
        Tokens found = new Tokens(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int t = 1; t < weights.length; t++) {
            if (experience.lossMask().at(t) != 0) {
                int forbidden = found.places().isEmpty() ? experience.forbiddenFirst() : -1;
                found.weights().add((double) weights[t]);
                found.advantages().add((double) experience.advantages().at(t));
                found.rollout().add((double) experience.oldLogProbs().at(t));
                found.places()
                        .add(place(logits[t - 1], experience.tokens().at(t), experience.temperature(), forbidden));
            }
        }
        return found;
    }

    private static Place place(double[] logits, int token, double temperature, int forbidden) {
        double own = ReferenceDecoder.logProb(logits, token, temperature, forbidden);
        double normaliser = logits[token] / temperature - own;
        double entropy = 0;
        for (int v = 0; v < logits.length; v++) {
            double log = logits[v] / temperature - normaliser;
            entropy -= v == forbidden ? 0 : Math.exp(log) * log;
        }
        return new Place(own, entropy);
    }
}
