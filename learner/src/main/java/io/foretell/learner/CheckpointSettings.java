package io.foretell.learner;

import java.time.Duration;

/**
 * Section {@code ckpt} of the configuration.
 *
 * @param interval steps between checkpoints
 * @param keepLast how many are kept
 * @param async whether a thread beside the training writes a copy in memory; else the step waits for the disk
 * @param timeout most time that the next checkpoint, or the end, waits for one being written
 */
public record CheckpointSettings(int interval, int keepLast, boolean async, Duration timeout) {
    public CheckpointSettings {
        if (interval < 1 || keepLast < 1) {
            throw new IllegalArgumentException(
                    "ckpt.interval and ckpt.keep_last must be at least 1, but are " + interval + " and " + keepLast);
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("ckpt.timeout is " + timeout + " but must be more than 0");
        }
    }
}
