package io.foretell.learner.checkpoint;

import io.foretell.platform.Check;
import java.time.Duration;

/**
 * Section {@code ckpt} of the configuration.
 *
 * @param interval steps between checkpoints
 * @param keepLast how many are kept
 * @param async whether a background thread writes an in-memory copy; otherwise the step waits for the disk
 * @param timeout maximum time that the next checkpoint, or the end, waits for one being written
 * @param averageLast after the last phase the mean of so many checkpoints is published as the final version; 0 for none
 */
public record CheckpointSettings(int interval, int keepLast, boolean async, Duration timeout, int averageLast) {
    public CheckpointSettings {
        Check.that("ckpt.interval", interval, interval >= 1, "at least 1");
        Check.that("ckpt.keep_last", keepLast, keepLast >= 1, "at least 1");
        Check.that("ckpt.timeout", timeout, timeout.toMillis() > 0, "above 0");
        boolean areKept = averageLast >= 0 && averageLast <= keepLast;
        Check.that("ckpt.average_last", averageLast, areKept, "from 0 to ckpt.keep_last = " + keepLast);
    }
}
