package io.foretell.chat;

/** The escapes of a Python text literal. Pure functions. */
final class Escapes {
    private static final String LETTERS = "abfnrtv\\'\"";
    private static final String MEANINGS = "\u0007\b\f\n\r\t\u000b\\'\"";

    private Escapes() {}

    static String resolve(String literal) {
        StringBuilder text = new StringBuilder();
        int i = 0;
        while (i < literal.length()) {
            char c = literal.charAt(i++);
            if (c != '\\' || i == literal.length()) {
                text.append(c);
                continue;
            }
            char escaped = literal.charAt(i++);
            int known = LETTERS.indexOf(escaped);
            int digits = escaped == 'x' ? 2 : escaped == 'u' ? 4 : escaped == 'U' ? 8 : 0;
            if (known >= 0) {
                text.append(MEANINGS.charAt(known));
            } else if (digits > 0) {
                text.appendCodePoint(code(literal, i, digits));
                i += digits;
            } else if (escaped == 'N' || escaped >= '0' && escaped <= '7') {
                throw ChatTemplateException.unsupported("the escape \\" + escaped);
            } else if (escaped != '\n') {
                text.append(c).append(escaped);
            }
        }
        return text.toString();
    }

    private static int code(String literal, int from, int digits) {
        try {
            int code = Integer.parseInt(literal.substring(from, from + digits), 16);
            if (Character.isValidCodePoint(code)) {
                return code;
            }
        } catch (RuntimeException e) {
            // not hexadecimal, or cut off: refused below
        }
        throw new ChatTemplateException("the chat template has a damaged escape in a text");
    }
}
