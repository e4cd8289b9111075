package io.foretell.learner;

import io.foretell.domain.Rollout;
import io.foretell.domain.ScoredGroup;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which weights each of the newest versions had, in the history that survives.
 *
 * <p>A crash takes back the versions after the last checkpoint, but not what they sampled. Where the same batches make
 * the same weights again, as on one processor with a fixed number of threads, such groups are as good as any; where they
 * do not, a group's version says nothing about its distance from the policy, and it cannot be used. Confined to the
 * learner's thread.
 */
final class VersionHistory {
    private final int kept;
    private final SortedMap<Long, String> fingerprints;

    /**
     * @param kept how many versions are remembered
     * @param fingerprints of the weights, by version
     */
    VersionHistory(int kept, Map<Long, String> fingerprints) {
        this.kept = kept;
        this.fingerprints = new TreeMap<>(fingerprints);
    }

    /** The version published now; those above it were of a history that is over. */
    void add(long version, String fingerprint) {
        fingerprints.tailMap(version).clear();
        fingerprints.put(version, fingerprint);
        while (fingerprints.size() > kept) {
            fingerprints.remove(fingerprints.firstKey());
        }
    }

    /** Fingerprint by version. */
    SortedMap<Long, String> fingerprints() {
        return Collections.unmodifiableSortedMap(fingerprints);
    }

    /**
     * Why the group does not belong to this history; empty when it does, when it sampled nothing, and when it is older
     * than what is remembered, which is for the limit on staleness to judge.
     */
    String refusal(ScoredGroup group) {
        long version = group.group().rollouts().stream()
                .mapToLong(Rollout::newestVersion)
                .max()
                .orElse(-1);
        if (version < 0 || fingerprints.isEmpty() || version < fingerprints.firstKey()) {
            return "";
        }
        String expected = fingerprints.get(version);
        String sampledBy = group.group().policyFingerprint();
        boolean isKnown = expected != null && (sampledBy.isEmpty() || sampledBy.equals(expected));
        return isKnown ? "" : "lost version: a crash took back the weights of version " + version + " that sampled it";
    }
}
