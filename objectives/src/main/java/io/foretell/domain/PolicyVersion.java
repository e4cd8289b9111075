package io.foretell.domain;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the learner announces after a step: how far it is, and which weights to use.
 *
 * @param run name of the run
 * @param version number of the published weights: the step after which they were written
 * @param location folder (or URL) of the weights
 * @param files sha-256 in hex per file of that folder
 * @param step optimizer steps done
 * @param phase index of the phase that the next step belongs to
 * @param groupsUsed per phase, groups trained on in the surviving history
 * @param groupsDropped per phase, groups that will never be trained on (stale, failed, unreadable)
 */
public record PolicyVersion(
        String run,
        long version,
        String location,
        Map<String, String> files,
        long step,
        int phase,
        List<Long> groupsUsed,
        List<Long> groupsDropped) {
    public PolicyVersion {
        files = Map.copyOf(files);
        groupsUsed = List.copyOf(groupsUsed);
        groupsDropped = List.copyOf(groupsDropped);
    }

    /** One sha-256 for all the weights; two versions of one number whose fingerprints differ are of two histories. */
    public String fingerprint() {
        return fingerprint(files);
    }

    /** The same of {@code files}, sha-256 in hex per name: that of the only file of weights, or one over all. */
    public static String fingerprint(Map<String, String> files) {
        Map<String, String> weights = new TreeMap<>(files);
        weights.keySet().removeIf(name -> !name.startsWith("model") || !name.endsWith(".safetensors"));
        if (weights.size() <= 1) {
            return String.join("", weights.values());
        }
        return HexFormat.of().formatHex(Sha256.of(weights.toString().getBytes(StandardCharsets.UTF_8)));
    }
}
