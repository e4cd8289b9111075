package io.foretell.learner;

import org.jspecify.annotations.Nullable;

/**
 * Section {@code learner.batch_guard}: which updates are not taken, besides those whose loss or gradient is no number.
 *
 * @param zScore a loss so many standard deviations above the mean of the latest ones is a spike; null for no such rule
 * @param window how many updates those are; before there are as many nothing is a spike
 * @param maxConsecutive spikes in a row that are skipped; one more is no spike but another level, and the window begins
 *     anew with it
 */
public record BatchGuardSettings(@Nullable Double zScore, int window, int maxConsecutive) {
    public BatchGuardSettings {
        if (zScore != null && !(zScore > 0) || window < 2 || maxConsecutive < 1) {
            throw new IllegalArgumentException("learner.batch_guard needs a z_score above 0 or null, a window of at"
                    + " least 2 and max_consecutive of at least 1, but has " + zScore + ", " + window + " and "
                    + maxConsecutive);
        }
    }
}
