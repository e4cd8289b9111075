package io.foretell.sources;

import java.text.Normalizer;

/**
 * Normalises text: NFC, \n line ends, no control characters except \n and \t, no trailing blanks, no blank lines at
 * either end. Idempotent. Pure functions.
 */
final class TextCleaner {
    private TextCleaner() {}

    /** The cleaned text; {@code text} itself if it is already clean. */
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

    /** Whether the text has more than white space and format characters. */
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

    /** Whether the text has no unpaired surrogate, so it has a UTF-8 form. */
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

    /* Hot path, run for every document: printable ASCII needs only a range check. */
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
