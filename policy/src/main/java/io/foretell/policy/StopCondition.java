package io.foretell.policy;

/** Watches one continuation while it grows. Used by one thread at a time. */
@FunctionalInterface
public interface StopCondition {
    /** @return whether the continuation ends with the last of {@code newTokens}, those sampled since the last call */
    boolean isReached(int[] newTokens);
}
