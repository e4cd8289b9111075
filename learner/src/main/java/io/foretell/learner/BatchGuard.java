package io.foretell.learner;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Tells updates that must not be taken: the loss is no number, or it is a spike, z = (loss - mean) / standard deviation
 * of the latest losses that were taken. Confined to the learner's thread.
 */
final class BatchGuard {
    private final @Nullable Double zScore;
    private final int window;
    private final int maxConsecutive;
    private final Deque<Double> recent = new ArrayDeque<>();
    private int consecutive;

    BatchGuard(BatchGuardSettings settings) {
        this.zScore = settings.zScore();
        this.window = settings.window();
        this.maxConsecutive = settings.maxConsecutive();
    }

    /** Why an update of this loss must not be taken, or empty; then the loss counts among the latest. */
    String refusal(double loss) {
        if (!Double.isFinite(loss)) {
            return "its loss is " + loss;
        }
        if (zScore == null) {
            return "";
        }
        if (recent.size() == window) {
            double z = zScoreOf(loss);
            if (z > zScore && consecutive < maxConsecutive) {
                consecutive++;
                return String.format(
                        Locale.ROOT,
                        "its loss %.6g is %.1f standard deviations above the mean of the last %d",
                        loss,
                        z,
                        window);
            }
            if (z > zScore) {
                recent.clear();
            } else {
                recent.removeFirst();
            }
        }
        consecutive = 0;
        recent.addLast(loss);
        return "";
    }

    /* With equal losses the deviation is 0: then only what is above them by more than rounding is a spike. */
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

    /** Goes on with the latest losses of a checkpoint, or with none in a new phase. */
    void restart(List<Double> losses) {
        recent.clear();
        losses.subList(Math.max(0, losses.size() - window), losses.size()).forEach(recent::addLast);
        consecutive = 0;
    }
}
