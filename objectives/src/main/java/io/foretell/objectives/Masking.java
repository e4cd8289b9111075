package io.foretell.objectives;

import io.foretell.domain.Tokenizer;
import java.text.Normalizer;
import java.util.Optional;

/**
 * Hides every occurrence of a span in a text. Immutable.
 *
 * @param marker shown in place of the span
 * @param maxOccurrences maximum occurrences of a valid span in the text
 * @param maxLength maximum tokens of a span; 0 for no limit
 */
record Masking(Tokenizer tokenizer, String marker, int maxOccurrences, int maxLength) {
    /** A text with a span hidden. */
    record Masked(String text, String span) {}

    /** Unicode form C, stripped of white space at both ends: texts that look the same are equal. */
    static String normal(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC).strip();
    }

    /** Number of occurrences of {@code span} in {@code text}, from the left without overlaps; 0 for an empty span. */
    static int occurrences(String text, String span) {
        int count = 0;
        for (int at = span.isEmpty() ? -1 : text.indexOf(span); at >= 0; at = text.indexOf(span, at + span.length())) {
            count++;
        }
        return count;
    }

    /** Whether masks in {@code text} are unambiguous, because it does not contain the marker. */
    boolean suits(String text) {
        return !text.contains(marker);
    }

    /**
     * All occurrences of {@code span} hidden.
     *
     * @param text in normal form
     * @return empty if the normalised span is empty, does not occur verbatim, occurs too often, is too long, or leaves
     *     no other text to infer it from
     */
    Optional<Masked> mask(String text, String span) {
        String wanted = normal(span);
        int occurrences = occurrences(text, wanted);
        if (occurrences < 1
                || occurrences > maxOccurrences
                || text.replace(wanted, "").isBlank()
                || maxLength > 0 && tokenizer.encode(wanted).length() > maxLength) {
            return Optional.empty();
        }
        return Optional.of(new Masked(text.replace(wanted, marker), wanted));
    }

    /**
     * Hides only the end of a text; white space around it does not matter.
     *
     * @return empty if {@code text} does not end with {@code span}, or consists of nothing else
     */
    Optional<Masked> end(String text, String span) {
        String wanted = normal(span);
        String shown = text.stripTrailing();
        if (wanted.isEmpty() || !shown.endsWith(wanted) || shown.length() == wanted.length()) {
            return Optional.empty();
        }
        return Optional.of(new Masked(shown.substring(0, shown.length() - wanted.length()) + marker, wanted));
    }
}
