package io.foretell.domain;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Weights that workers can fetch and use.
 *
 * @param run name of the run
 * @param version number of the weights: the step that wrote them
 * @param location folder (or URL) of the weights
 * @param files sha-256 in hex per file, for verification; empty if the folder is used without verification
 */
public record PublishedWeights(String run, long version, String location, Map<String, String> files) {
    public PublishedWeights {
        files = Map.copyOf(files);
    }

    /** One sha-256 of all weights; equal version numbers with different fingerprints belong to two histories. */
    public String fingerprint() {
        return fingerprint(files);
    }

    /**
     * One sha-256 of the weights among {@code files}.
     *
     * @param files sha-256 in hex per file name
     * @return the hash of the only weight file, or one hash over all of them
     */
    public static String fingerprint(Map<String, String> files) {
        Map<String, String> weights = new TreeMap<>(files);
        weights.keySet().removeIf(name -> !name.startsWith("model") || !name.endsWith(".safetensors"));
        if (weights.size() <= 1) {
            return String.join("", weights.values());
        }
        return HexFormat.of().formatHex(Sha256.of(weights.toString().getBytes(StandardCharsets.UTF_8)));
    }
}
