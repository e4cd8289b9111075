package io.foretell.objectives;

import java.text.Normalizer;
import java.util.Optional;

/**
 * Hides a span of a text wherever it stands. Immutable.
 *
 * @param marker what is shown instead
 * @param maxOccurrences a span that stands in the text more often is no mask
 */
record Masking(String marker, int maxOccurrences) {
    /** A text with a span hidden. */
    record Masked(String text, String span) {}

    /** Unicode form C without white space at the ends: texts that look the same are the same. */
    static String normal(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC).strip();
    }

    /** How often {@code span} stands in {@code text}, counted from the left without overlaps; 0 for an empty one. */
    static int occurrences(String text, String span) {
        int count = 0;
        for (int at = span.isEmpty() ? -1 : text.indexOf(span); at >= 0; at = text.indexOf(span, at + span.length())) {
            count++;
        }
        return count;
    }

    /** Whether masks of {@code text} can be told from the text. */
    boolean suits(String text) {
        return !text.contains(marker);
    }

    /**
     * All occurrences of {@code span} hidden.
     *
     * @param text in normal form
     * @return empty where the span, brought to normal form, is empty, is not there verbatim, is there too often, or leaves
     *     nothing to infer it from
     */
    Optional<Masked> of(String text, String span) {
        String wanted = normal(span);
        int occurrences = occurrences(text, wanted);
        if (occurrences < 1
                || occurrences > maxOccurrences
                || text.replace(wanted, "").isBlank()) {
            return Optional.empty();
        }
        return Optional.of(new Masked(text.replace(wanted, marker), wanted));
    }
}
