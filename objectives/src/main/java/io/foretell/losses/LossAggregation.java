package io.foretell.losses;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import java.util.Arrays;
import java.util.List;

/**
 * How the token losses of one optimizer step become one number. Token weights are computed over the whole step, which
 * makes gradient accumulation over micro-batches exact.
 */
public enum LossAggregation {
    /** (1/B) sum_i (1/n_i) sum_t l: RLP, GRPO. */
    SEQ_MEAN_TOKEN_MEAN("seq-mean-token-mean"),
    /** sum l / N, N = trained tokens of the step: DAPO. */
    TOKEN_MEAN("token-mean"),
    /** (1/B) sum_i sum_t l. */
    SEQ_MEAN_TOKEN_SUM("seq-mean-token-sum"),
    /** (1/B) sum_i sum_t l / L with a constant L: Dr. GRPO (arXiv 2503.20783). */
    SEQ_MEAN_TOKEN_SUM_NORM("seq-mean-token-sum-norm");

    private final String spelling;

    LossAggregation(String spelling) {
        this.spelling = spelling;
    }

    public static LossAggregation parse(String name) {
        for (LossAggregation mode : values()) {
            if (mode.spelling.equals(name)) {
                return mode;
            }
        }
        throw new IllegalArgumentException("learner.loss_agg_mode is '" + name + "' but must be one of "
                + Arrays.stream(values()).map(mode -> mode.spelling).toList());
    }

    /** {@link #weights(List, double)} for the modes without a divisor. */
    public List<float[]> weights(List<Experience> step) {
        return weights(step, 1);
    }

    /**
     * Weight of each policy-gradient token of a step.
     *
     * @param step all experiences of the optimizer step
     * @param divisor L of {@link #SEQ_MEAN_TOKEN_SUM_NORM}, ignored by the other modes
     * @return per experience (T) weights, 0 where {@code lossMask} is 0; for the two means they sum to 1 over the step
     *     if anything is trained. B counts sequences with policy-gradient tokens.
     */
    public List<float[]> weights(List<Experience> step, double divisor) {
        int sequences = 0;
        long tokens = 0;
        for (Experience experience : step) {
            double masked = experience.lossMask().sum();
            sequences += masked > 0 ? 1 : 0;
            tokens += (long) masked;
        }
        int trainedSequences = sequences;
        long trainedTokens = tokens;
        return step.stream()
                .map(experience -> {
                    double own = experience.lossMask().sum();
                    double weight = own == 0 ? 0 : weight(own, trainedSequences, trainedTokens, divisor);
                    return scaled(experience.lossMask(), weight);
                })
                .toList();
    }

    private double weight(double own, int sequences, long tokens, double divisor) {
        return switch (this) {
            case SEQ_MEAN_TOKEN_MEAN -> 1.0 / (own * sequences);
            case TOKEN_MEAN -> 1.0 / tokens;
            case SEQ_MEAN_TOKEN_SUM -> 1.0 / sequences;
            case SEQ_MEAN_TOKEN_SUM_NORM -> 1.0 / (sequences * divisor);
        };
    }

    /**
     * Weight of each next-token term of a step: its coefficient over the number of such tokens in the step. The
     * separate denominator keeps the two losses from diluting each other.
     */
    public static List<float[]> nextTokenWeights(List<Experience> step) {
        long tokens = 0;
        for (Experience experience : step) {
            for (int t = 0; t < experience.ceWeights().length(); t++) {
                tokens += experience.ceWeights().at(t) != 0 ? 1 : 0;
            }
        }
        double weight = tokens == 0 ? 0 : 1.0 / tokens;
        return step.stream()
                .map(experience -> scaled(experience.ceWeights(), weight))
                .toList();
    }

    /** Weight of each pair of a step: one over the number of pairs, a separate denominator. */
    public static double pairWeight(List<Experience> step) {
        long sides = step.stream().filter(each -> each.preference() != null).count();
        return sides == 0 ? 0 : 2.0 / sides;
    }

    private static float[] scaled(FloatArray values, double factor) {
        float[] result = values.toArray();
        for (int i = 0; i < result.length; i++) {
            result[i] *= (float) factor;
        }
        return result;
    }
}
