package io.foretell.buffer;

import io.foretell.platform.Check;
import io.foretell.platform.DataSize;
import java.util.List;

/**
 * Section {@code buffer} of the configuration.
 *
 * @param sampling which usable groups a step takes: oldest, freshest or uniform
 * @param replayShare share of a batch that was trained on before, on top of {@code learner.prompts_per_step} new groups
 * @param replayGroups size of the reservoir that replayed groups are drawn from
 * @param maxBytes maximum size of all groups; beyond it the oldest usable ones are dropped
 */
public record BufferSettings(String sampling, double replayShare, int replayGroups, DataSize maxBytes) {
    private static final List<String> SAMPLING = List.of("oldest", "freshest", "uniform");
    private static final DataSize MIN_BYTES = DataSize.ofMebibytes(1);

    /** The defaults of the configuration. */
    public static final BufferSettings DEFAULT = new BufferSettings("oldest", 0, 4096, DataSize.ofMebibytes(8192));

    public BufferSettings {
        Check.that("buffer.sampling", sampling, SAMPLING.contains(sampling), "one of " + SAMPLING);
        Check.that("buffer.replay_share", replayShare, replayShare >= 0 && replayShare < 1, "0 to below 1");
        Check.that("buffer.replay_groups", replayGroups, replayGroups >= 1, "at least 1");
        Check.that("buffer.max_bytes", maxBytes, maxBytes.bytes() >= MIN_BYTES.bytes(), "at least " + MIN_BYTES);
    }

    boolean isReplaying() {
        return replayShare > 0;
    }

    /** Replayed groups to add to {@code fresh} new ones, so that they are {@code replayShare} of the whole batch. */
    int replayed(int fresh) {
        return (int) Math.round(fresh * replayShare / (1 - replayShare));
    }
}
