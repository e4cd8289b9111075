package io.foretell.chat;

/**
 * A piece of a template.
 *
 * @param text of names, operators and data as written; of strings with escapes resolved
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        PRINT_BEGIN,
        PRINT_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String written) {
        return kind == wanted && text.equals(written);
    }

    String describe() {
        return kind == Kind.END ? "the end of the template" : "'" + text + "'";
    }
}
