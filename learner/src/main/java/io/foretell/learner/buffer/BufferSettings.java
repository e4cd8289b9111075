package io.foretell.learner.buffer;

import java.util.List;

/**
 * Section {@code buffer} of the configuration.
 *
 * @param sampling which usable groups a step takes: oldest, freshest or uniform
 * @param stale what becomes of groups beyond {@code learner.max_off_policy_steps}: drop or down_weight
 * @param staleDecay factor on the policy-gradient weight of a group per step beyond that, where stale is down_weight
 * @param replayShare share of a batch that was trained on before, on top of {@code learner.prompts_per_step} new groups
 * @param replayGroups groups that wait in the reservoir to be replayed
 * @param maxBytes most bytes of bodies; beyond that the oldest usable groups are dropped
 */
public record BufferSettings(
        String sampling, String stale, double staleDecay, double replayShare, int replayGroups, long maxBytes) {
    private static final List<String> SAMPLING = List.of("oldest", "freshest", "uniform");
    private static final List<String> STALE = List.of("drop", "down_weight");

    /** What the configuration has when nothing is set. */
    public static final BufferSettings DEFAULT = new BufferSettings("oldest", "drop", 0.5, 0, 4096, 8L << 30);

    public BufferSettings {
        require(SAMPLING.contains(sampling), "sampling", sampling, "one of " + SAMPLING);
        require(STALE.contains(stale), "stale", stale, "one of " + STALE);
        require(staleDecay > 0 && staleDecay < 1, "stale_decay", staleDecay, "above 0 and below 1");
        require(replayShare >= 0 && replayShare < 1, "replay_share", replayShare, "0 to below 1");
        require(replayGroups >= 1, "replay_groups", replayGroups, "at least 1");
        require(maxBytes >= 1 << 20, "max_bytes", maxBytes, "at least 1048576");
    }

    public boolean isDownWeighted() {
        return stale.equals("down_weight");
    }

    boolean isReplaying() {
        return replayShare > 0;
    }

    /** Replayed groups beside {@code fresh} new ones, so that they are the share asked for of both together. */
    int replayed(int fresh) {
        return (int) Math.round(fresh * replayShare / (1 - replayShare));
    }

    private static void require(boolean fine, String key, Object value, String expected) {
        if (!fine) {
            throw new IllegalArgumentException("buffer." + key + " is " + value + " but must be " + expected);
        }
    }
}
