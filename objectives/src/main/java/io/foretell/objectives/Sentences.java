package io.foretell.objectives;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Splits a text into sentences at the boundaries of {@link BreakIterator}, which follow Unicode and also work for
 * scripts without spaces. A blank line ends a sentence. A full stop after an abbreviation, or after a single capital
 * letter as in "J. Smith", does not. Text without any end is one sentence. Thread-safe.
 */
final class Sentences {
    /** The default list, written as in text, full stop included. */
    static final List<String> ABBREVIATIONS = List.of(
            "Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "St.", "Gen.", "Sen.", "Rep.", "Gov.", "Capt.", "Lt.", "Col.", "vs.",
            "cf.", "e.g.", "i.e.", "al.", "Fig.", "Figs.", "Eq.", "Eqs.", "Sec.", "Tab.", "No.", "Nos.", "Vol.", "pp.",
            "approx.");

    private static final String OPENING = "([{\"'\u201c\u2018";

    /**
     * A sentence: characters {@code from} (inclusive) to {@code to} (exclusive) of the text, without surrounding white
     * space.
     *
     * @param to above {@code from}
     */
    record SentenceRange(int from, int to) {
        String of(String text) {
            return text.substring(from, to);
        }
    }

    private final Set<String> abbreviations;

    Sentences(List<String> abbreviations) {
        this.abbreviations = Set.copyOf(abbreviations);
    }

    /** In order; together they cover all of {@code text} but white space. */
    List<SentenceRange> split(String text) {
        List<SentenceRange> spans = new ArrayList<>();
        for (int from = 0; from < text.length(); ) {
            int to = endOfParagraph(text, from);
            addSentences(text, from, to, spans);
            from = to;
        }
        return spans;
    }

    /** The texts of {@link #split}. */
    List<String> texts(String text) {
        return split(text).stream().map(span -> span.of(text)).toList();
    }

    private static int endOfParagraph(String text, int from) {
        int line = text.indexOf('\n', from);
        while (line >= 0) {
            int next = text.indexOf('\n', line + 1);
            if (next >= 0 && text.substring(line, next).isBlank()) {
                return next;
            }
            line = next;
        }
        return text.length();
    }

    private void addSentences(String text, int from, int to, List<SentenceRange> spans) {
        BreakIterator boundaries = BreakIterator.getSentenceInstance(Locale.ROOT);
        boundaries.setText(text.substring(from, to));
        int begin = from;
        for (int end = boundaries.next(); end != BreakIterator.DONE; end = boundaries.next()) {
            SentenceRange span = stripped(text, begin, from + end);
            boolean isLast = from + end == to;
            if (isLast || !endsWithAbbreviation(span.of(text))) {
                if (span.from() < span.to()) {
                    spans.add(span);
                }
                begin = from + end;
            }
        }
    }

    private static SentenceRange stripped(String text, int from, int to) {
        int begin = from;
        int end = to;
        while (begin < end && Character.isWhitespace(text.charAt(begin))) {
            begin++;
        }
        while (begin < end && Character.isWhitespace(text.charAt(end - 1))) {
            end--;
        }
        return new SentenceRange(begin, end);
    }

    private boolean endsWithAbbreviation(String sentence) {
        int begin = sentence.length();
        while (begin > 0
                && !Character.isWhitespace(sentence.charAt(begin - 1))
                && OPENING.indexOf(sentence.charAt(begin - 1)) < 0) {
            begin--;
        }
        String word = sentence.substring(begin);
        boolean isInitial = word.length() == 2 && Character.isUpperCase(word.charAt(0)) && word.charAt(1) == '.';
        return isInitial || abbreviations.contains(word);
    }
}
