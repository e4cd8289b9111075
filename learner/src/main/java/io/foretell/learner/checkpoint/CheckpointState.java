package io.foretell.learner.checkpoint;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far a run is; what a checkpoint holds besides the weights. Immutable.
 *
 * @param step optimizer steps done
 * @param phase index of the phase that the next step belongs to
 * @param counters totals that continue after a restart, by name
 * @param coefficients values that the run adapts, by name
 * @param versions fingerprints of the weights of the versions published last, by version
 * @param tokenizerFingerprint sha-256 of the tokenizer
 * @param recentLosses of the latest updates, oldest first, which a loss spike is told by; null in older checkpoints
 */
public record CheckpointState(
        long step,
        int phase,
        Map<String, Long> counters,
        @Nullable Map<String, Double> coefficients,
        Map<Long, String> versions,
        String tokenizerFingerprint,
        @Nullable List<Double> recentLosses) {
    /** Among the counters: first step of the run that anneals. */
    public static final String ANNEAL_FROM = "anneal_from";
    /** Among the coefficients: that of the divergence in the reward. */
    public static final String REWARD_KL = "reward_kl";

    public CheckpointState {
        counters = Map.copyOf(counters);
        coefficients = coefficients == null ? Map.of() : Map.copyOf(coefficients); // older ones have none
        versions = Map.copyOf(versions);
        recentLosses = recentLosses == null ? List.of() : List.copyOf(recentLosses);
    }
}
