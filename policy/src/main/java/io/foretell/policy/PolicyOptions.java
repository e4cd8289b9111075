package io.foretell.policy;

/**
 * How to load and run a policy.
 *
 * @param threads threads per operator; 0 keeps libtorch's default; the first value applies to the whole JVM
 * @param tokenBudget maximum padded tokens scored or prefilled in one native call
 * @param cacheTokens size of the KV cache for sampling, in tokens; requests beyond it queue
 * @param rows maximum active continuations; if more wait, a quarter as many are prefilled ahead
 * @param precision precision of sampling, scoring and training alike
 * @param use what the policy is for; it keeps only the memory that this needs
 * @param onProcessor whether to use the CPU even if there is an accelerator
 */
public record PolicyOptions(
        int threads, int tokenBudget, int cacheTokens, int rows, Precision precision, Use use, boolean onProcessor) {
    /** What a policy is for. */
    public enum Use {
        /** Everything: weights, teacher and optimizer in 32 bits. */
        TRAINING,
        /** Live weights and teacher, in the compute precision only. */
        SCORING,
        /** Live weights only, in the compute precision only. */
        SAMPLING
    }

    private static final int MOST_ROWS = 512;

    public static final PolicyOptions DEFAULT =
            new PolicyOptions(0, 2048, 32768, MOST_ROWS, Precision.FLOAT32, Use.TRAINING, false);

    public PolicyOptions(int threads, int tokenBudget) {
        this(threads, tokenBudget, tokenBudget, MOST_ROWS, Precision.FLOAT32, Use.TRAINING, false);
    }

    public PolicyOptions with(Precision other) {
        return new PolicyOptions(threads, tokenBudget, cacheTokens, rows, other, use, onProcessor);
    }

    public PolicyOptions with(Use other) {
        return new PolicyOptions(threads, tokenBudget, cacheTokens, rows, precision, other, onProcessor);
    }

    public PolicyOptions withThreads(int other) {
        return new PolicyOptions(other, tokenBudget, cacheTokens, rows, precision, use, onProcessor);
    }

    public PolicyOptions withCacheTokens(int other) {
        return new PolicyOptions(threads, tokenBudget, other, rows, precision, use, onProcessor);
    }

    public PolicyOptions withRows(int other) {
        return new PolicyOptions(threads, tokenBudget, cacheTokens, other, precision, use, onProcessor);
    }

    public PolicyOptions withOnProcessor(boolean other) {
        return new PolicyOptions(threads, tokenBudget, cacheTokens, rows, precision, use, other);
    }
}
