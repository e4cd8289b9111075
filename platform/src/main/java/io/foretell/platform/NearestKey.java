package io.foretell.platform;

import java.util.Collection;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Finds the valid key that a misspelt one most probably meant. Pure functions. */
public final class NearestKey {
    private static final int OTHER_SECTION = 2;

    private NearestKey() {}

    /**
     * The candidate with the fewest edits; the same last word in another section counts as two edits. The first of
     * several wins, and without candidates the answer is empty.
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

    /** The sentence about an unknown key, with the nearest known one as a suggestion. */
    public static String suggest(String sentence, String key, Collection<String> known) {
        return known.isEmpty() ? sentence : sentence + "; did you mean '" + find(key, known) + "'?";
    }

    private static String lastWord(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
