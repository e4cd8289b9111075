package io.foretell.policy;

/**
 * How a policy is held.
 *
 * @param threads threads inside one operator; 0 leaves libtorch's own choice; counts for the whole JVM, first one wins
 * @param tokenBudget most padded tokens that are scored or prefilled in one native call
 * @param cacheTokens tokens whose keys and values are kept while sampling: requests beyond that queue
 * @param rows most continuations that grow at a time; where more wait, a quarter as many are prefilled ahead
 * @param precision of sampling, scoring and training alike
 * @param use what the policy is for: it keeps no more than that needs
 * @param onProcessor whether an accelerator is left alone even where there is one
 */
public record PolicyOptions(
        int threads, int tokenBudget, int cacheTokens, int rows, Precision precision, Use use, boolean onProcessor) {
    /** What a policy is for. */
    public enum Use {
        /** Everything: weights, teacher and optimizer in 32 bits. */
        TRAINING,
        /** Live weights and teacher, in the precision of calculation only. */
        SCORING,
        /** Live weights only, in the precision of calculation only. */
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
