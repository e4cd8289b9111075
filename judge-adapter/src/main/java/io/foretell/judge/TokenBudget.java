package io.foretell.judge;

import io.foretell.judge.JudgeFailure.Kind;
import org.jspecify.annotations.Nullable;

/** The tokens that judging has cost, and the most it may. What is under way counts with its estimate. Thread-safe. */
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

    /** @throws JudgeFailure when the cap leaves no room for {@code tokens} */
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

    /** What was reserved turned out to be {@code actual}. */
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
