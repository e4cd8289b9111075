package io.foretell.policy;

/**
 * @param threads threads inside one operator; 0 leaves libtorch's own choice; counts for the whole JVM, first one wins
 * @param tokenBudget most padded tokens in one native call
 */
public record PolicyOptions(int threads, int tokenBudget) {
    public static final PolicyOptions DEFAULT = new PolicyOptions(0, 32768);
}
