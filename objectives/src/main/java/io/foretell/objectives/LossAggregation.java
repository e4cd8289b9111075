package io.foretell.objectives;

import java.util.List;

/**
 * How token losses of one optimizer step become one number. The weight of every token is computed over the whole step,
 * so that gradient accumulation over micro-batches is exact.
 */
public enum LossAggregation {
    /** (1/B) sum_i (1/n_i) sum_t l: RLP, GRPO. */
    SEQ_MEAN_TOKEN_MEAN("seq-mean-token-mean"),
    /** sum l / N, N = trained tokens of the step: DAPO. */
    TOKEN_MEAN("token-mean");

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
        throw new IllegalArgumentException(
                "learner.loss_agg_mode is '" + name + "' but must be 'seq-mean-token-mean' or 'token-mean'");
    }

    /**
     * Weight of each policy-gradient token of a step.
     *
     * @param step all experiences of the optimizer step
     * @return per experience (T) weights; they sum to 1 over the step wherever anything is trained
     */
    public List<float[]> weights(List<Experience> step) {
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
                    double weight =
                            own == 0 ? 0 : this == TOKEN_MEAN ? 1.0 / trainedTokens : 1.0 / (own * trainedSequences);
                    return scaled(experience.lossMask(), weight);
                })
                .toList();
    }

    /**
     * Weight of each next-token term of a step: its coefficient over the number of such tokens in the step, a
     * denominator of its own so that the two losses never dilute each other.
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

    private static float[] scaled(FloatArray values, double factor) {
        float[] result = values.toArray();
        for (int i = 0; i < result.length; i++) {
            result[i] *= (float) factor;
        }
        return result;
    }
}
