package io.foretell.judge;

import io.foretell.judge.JudgeFailure.Kind;
import org.jspecify.annotations.Nullable;

/** Tokens spent on judging, with an optional cap. Calls in flight count with their estimate. Thread-safe. */
final class TokenBudget {
    private final @Nullable Long cap;
    private final VerdictStore store;
    private long spent;
    private long reserved;

    /** @param cap null for none */
    TokenBudget(@Nullable Long cap, VerdictStore store) {
        this.cap = cap;
        this.store = store;
        this.spent = store.spent();
    }

    /** @throws JudgeFailure if {@code tokens} would exceed the cap */
    synchronized void reserve(long tokens) {
        if (cap != null && spent + reserved + tokens > cap) {
            throw new JudgeFailure(
                    Kind.LASTING,
                    "the judge is not asked any more: " + spent + " tokens are spent and " + reserved
                            + " under way, this call may take " + tokens
                            + ", and reward.judge.max_spent_tokens is " + cap);
        }
        reserved += tokens;
    }

    /** Replaces a reservation by the {@code actual} cost. */
    synchronized void settle(long tokens, long actual) {
        reserved -= tokens;
        if (actual > 0) {
            spent += actual;
            store.spent(spent);
        }
    }

    synchronized long spent() {
        return spent;
    }
}
