package io.foretell.objectives;

import io.foretell.domain.Tokenizer;
import java.text.Normalizer;
import java.util.Optional;

/**
 * Hides a span of a text wherever it stands. Immutable.
 *
 * @param marker what is shown instead
 * @param maxOccurrences a span that stands in the text more often is no mask
 * @param maxLength nor is one of more tokens; 0 for any length
 */
record Masking(Tokenizer tokenizer, String marker, int maxOccurrences, int maxLength) {
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
     * @return empty where the span, brought to normal form, is empty, is not there verbatim, is there too often, is too
     *     long, or leaves nothing to infer it from
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
     * The end of a text hidden, but for white space around it, and nothing else.
     *
     * @return empty where {@code text} does not end with {@code span}, or there is nothing else
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
