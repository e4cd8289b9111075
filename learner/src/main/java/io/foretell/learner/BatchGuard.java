package io.foretell.learner;

import io.foretell.platform.Check;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Refuses updates whose loss is NaN, infinite or a spike: z = (loss - mean) / standard deviation of the latest accepted
 * losses. Confined to the learner's thread.
 */
public final class BatchGuard {
    private final Settings settings;
    private final Deque<Double> recent = new ArrayDeque<>();
    private int consecutive;

    BatchGuard(Settings settings) {
        this.settings = settings;
    }

    /**
     * Section {@code learner.batch_guard}.
     *
     * @param zScore a loss so many standard deviations above the mean of the latest ones is a spike; null for no such rule
     * @param window how many updates those are; before there are as many nothing is a spike
     * @param maxConsecutive spikes in a row that are skipped; after those the loss has settled on another level, and the
     *     window restarts
     */
    public record Settings(@Nullable Double zScore, int window, int maxConsecutive) {
        public Settings {
            Check.that("learner.batch_guard.z_score", zScore, zScore == null || zScore > 0, "above 0, or null");
            Check.that("learner.batch_guard.window", window, window >= 2, "at least 2");
            Check.that("learner.batch_guard.max_consecutive", maxConsecutive, maxConsecutive >= 1, "at least 1");
        }
    }

    /** Why an update of this loss is refused; empty if it is accepted, and then the loss counts among the latest. */
    String refusal(double loss) {
        if (!Double.isFinite(loss)) {
            return "its loss is " + loss;
        }
        if (settings.zScore() == null) {
            return "";
        }
        if (recent.size() == settings.window()) {
            double z = zScoreOf(loss);
            boolean isSpike = z > settings.zScore();
            if (isSpike && consecutive < settings.maxConsecutive()) {
                consecutive++;
                return String.format(
                        Locale.ROOT,
                        "its loss %.6g is %.1f standard deviations above the mean of the last %d",
                        loss,
                        z,
                        settings.window());
            }
            if (isSpike) {
                recent.clear();
            } else {
                recent.removeFirst();
            }
        }
        consecutive = 0;
        recent.addLast(loss);
        return "";
    }

    /* Equal losses have a deviation of 0; then only a loss above them by more than rounding is a spike. */
    private double zScoreOf(double loss) {
        double mean = recent.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        double squares = recent.stream()
                .mapToDouble(value -> (value - mean) * (value - mean))
                .sum();
        double deviation = Math.sqrt(squares / (recent.size() - 1));
        return (loss - mean) / Math.max(deviation, 1e-9 * Math.max(1, Math.abs(mean)));
    }

    /** The latest losses, oldest first: what a checkpoint keeps. */
    List<Double> recent() {
        return List.copyOf(recent);
    }

    /** Resumes with the latest losses of a checkpoint, or with none in a new phase. */
    void restart(List<Double> losses) {
        recent.clear();
        losses.subList(Math.max(0, losses.size() - settings.window()), losses.size())
                .forEach(recent::addLast);
        consecutive = 0;
    }
}
