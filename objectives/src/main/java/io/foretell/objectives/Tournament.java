package io.foretell.objectives;

import io.foretell.domain.Futures;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Compares each of several things with every other: q_i = mean over j of the preference for i over j, from 0 to 1. Pure
 * functions.
 */
public final class Tournament {
    private static final double EVEN = 0.5;

    private Tournament() {}

    /** Compares two things. */
    public interface Match {
        /** The preference for the first over the second, 0 to 1; called once per pair, with first &lt; second. */
        CompletionStage<Verdict> of(int first, int second);
    }

    /** A verdict that two things are equally good. */
    public static Verdict even() {
        return new Verdict(RewardStatus.OK, EVEN, "");
    }

    /**
     * Plays all pairs of {@code size} things.
     *
     * @return q of each, from its available comparisons if they are at least half; otherwise a failed verdict
     */
    public static CompletableFuture<List<Verdict>> play(int size, Match match) {
        @Nullable Verdict[][] table = new Verdict[size][size];
        List<CompletableFuture<Void>> played = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            for (int j = i + 1; j < size; j++) {
                int first = i;
                int second = j;
                played.add(match.of(i, j).toCompletableFuture().thenAccept(verdict -> {
                    table[first][second] = verdict;
                    table[second][first] = new Verdict(verdict.status(), 1 - verdict.score(), verdict.reason());
                }));
            }
        }
        return Futures.all(played).thenApply(all -> {
            List<Verdict> verdicts = new ArrayList<>();
            for (@Nullable Verdict[] row : table) {
                verdicts.add(preferred(row, size - 1));
            }
            return verdicts;
        });
    }

    private static Verdict preferred(@Nullable Verdict[] row, int others) {
        double sum = 0;
        int had = 0;
        Verdict missing = new Verdict(RewardStatus.FAILED, 0, "a group of one has nothing to be compared with");
        for (Verdict verdict : row) {
            if (verdict != null && verdict.status() == RewardStatus.OK) {
                sum += verdict.score();
                had++;
            } else if (verdict != null) {
                missing = verdict;
            }
        }
        return had == 0 || 2 * had < others ? missing : new Verdict(RewardStatus.OK, sum / had, "");
    }
}
