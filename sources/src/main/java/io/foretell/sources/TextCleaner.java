package io.foretell.sources;

import java.text.Normalizer;

/**
 * The one form of a text: NFC, lines ended by \n, no control characters but \n and \t, no blanks at the ends of lines,
 * no blank lines around it. Cleaning twice changes nothing more. Pure functions.
 */
final class TextCleaner {
    private TextCleaner() {}

    /** The cleaned text; {@code text} itself when there is nothing to do. */
    static String clean(String text) {
        if (isClean(text)) {
            return text;
        }
        String kept = withoutControls(text);
        String composed = Normalizer.isNormalized(kept, Normalizer.Form.NFC)
                ? kept
                : Normalizer.normalize(kept, Normalizer.Form.NFC);
        return withoutBlankEdges(composed);
    }

    /** Whether there is anything but white space and format characters. */
    static boolean isVisible(String text) {
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (!Character.isWhitespace(c) && !Character.isSpaceChar(c) && Character.getType(c) != Character.FORMAT) {
                return true;
            }
            i += Character.charCount(c);
        }
        return false;
    }

    /** Whether no surrogate stands alone, so that the text has a UTF-8 form. */
    static boolean isEncodable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    /* Every document passes here, so nothing is asked of a printable ASCII character but whether it is one. */
    private static boolean isClean(String text) {
        boolean composed = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f) {
                continue;
            }
            if (c == '\n' ? i == 0 || isBlank(text.charAt(i - 1)) : isControl(c)) {
                return false;
            }
            composed &= c < 0x300;
        }
        return !text.isEmpty()
                && !isBlank(text.charAt(text.length() - 1))
                && !text.endsWith("\n")
                && (composed || Normalizer.isNormalized(text, Normalizer.Form.NFC));
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private static boolean isControl(char c) {
        return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0);
    }

    private static String withoutControls(String text) {
        StringBuilder kept = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\r') {
                if (i + 1 == text.length() || text.charAt(i + 1) != '\n') {
                    kept.append('\n');
                }
            } else if (!isControl(c)) {
                kept.append(c);
            }
        }
        return kept.toString();
    }

    private static String withoutBlankEdges(String text) {
        StringBuilder lines = new StringBuilder(text.length());
        int blank = 0;
        for (int from = 0; from <= text.length(); ) {
            int newline = text.indexOf('\n', from);
            int to = newline < 0 ? text.length() : newline;
            int end = to;
            while (end > from && isBlank(text.charAt(end - 1))) {
                end--;
            }
            if (end == from) {
                blank++;
            } else {
                if (lines.length() > 0) {
                    lines.append("\n".repeat(blank + 1));
                }
                blank = 0;
                lines.append(text, from, end);
            }
            from = to + 1;
        }
        return lines.toString();
    }
}
