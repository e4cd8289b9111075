package io.foretell.policy;

/** Decides when one continuation ends. Used by one thread at a time. */
@FunctionalInterface
public interface StopCondition {
    /**
     * @return whether the continuation ends at the last of {@code newTokens}, the tokens sampled since the last call
     */
    boolean isReached(int[] newTokens);
}
