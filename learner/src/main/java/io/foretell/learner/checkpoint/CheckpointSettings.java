package io.foretell.learner.checkpoint;

import java.time.Duration;

/**
 * Section {@code ckpt} of the configuration.
 *
 * @param interval steps between checkpoints
 * @param keepLast how many are kept
 * @param async whether a thread beside the training writes a copy in memory; else the step waits for the disk
 * @param timeout most time that the next checkpoint, or the end, waits for one being written
 * @param averageLast once the phases are over the mean of the last so many checkpoints is published as the last
 *     version; 0 for none
 */
public record CheckpointSettings(int interval, int keepLast, boolean async, Duration timeout, int averageLast) {
    public CheckpointSettings {
        if (interval < 1 || keepLast < 1) {
            throw new IllegalArgumentException(
                    "ckpt.interval and ckpt.keep_last must be at least 1, but are " + interval + " and " + keepLast);
        }
        if (averageLast < 0 || averageLast > keepLast) {
            throw new IllegalArgumentException("ckpt.average_last is " + averageLast
                    + " but must be from 0 to ckpt.keep_last = " + keepLast + ": more checkpoints are not there");
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("ckpt.timeout is " + timeout + " but must be more than 0");
        }
    }
}
