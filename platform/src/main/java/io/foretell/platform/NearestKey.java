package io.foretell.platform;

import java.util.Collection;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Suggests the valid key closest to a misspelt one. Pure functions. */
public final class NearestKey {
    private static final int OTHER_SECTION = 2;

    private NearestKey() {}

    /**
     * The candidate with the fewest edits; the same last word in another section counts as two edits. The first wins a
     * tie; empty without candidates.
     */
    public static String find(String key, Collection<String> candidates) {
        String nearest = "";
        int fewest = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int edits = LevenshteinDistance.getDefaultInstance().apply(key, candidate);
            if (lastWord(key).equals(lastWord(candidate))) {
                edits = Math.min(edits, OTHER_SECTION);
            }
            if (edits < fewest) {
                fewest = edits;
                nearest = candidate;
            }
        }
        return nearest;
    }

    /** Extends the error for an unknown key by the nearest known one. */
    public static String suggest(String sentence, String key, Collection<String> known) {
        return known.isEmpty() ? sentence : sentence + "; did you mean '" + find(key, known) + "'?";
    }

    private static String lastWord(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
