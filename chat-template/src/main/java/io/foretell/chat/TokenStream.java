package io.foretell.chat;

import java.util.List;

/** Tokens and a place among them. Confined to one parser. */
final class TokenStream {
    private static final int DEEPEST = 200;

    private final List<Token> tokens;
    private int at;
    private int depth;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token next() {
        Token token = tokens.get(at);
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    boolean isNext(Token.Kind kind) {
        return peek().kind() == kind;
    }

    boolean isOperator(String written) {
        return peek().is(Token.Kind.OPERATOR, written);
    }

    boolean isName(String written) {
        return peek().is(Token.Kind.NAME, written);
    }

    /** Whether the next two tokens are these names. */
    boolean isNames(String first, String second) {
        return isName(first) && tokens.get(Math.min(at + 1, tokens.size() - 1)).is(Token.Kind.NAME, second);
    }

    /** Whether a name and an equals sign come next. */
    boolean isAssignment() {
        return isNext(Token.Kind.NAME)
                && tokens.get(Math.min(at + 1, tokens.size() - 1)).is(Token.Kind.OPERATOR, "=");
    }

    boolean skipOperator(String written) {
        boolean found = isOperator(written);
        at += found ? 1 : 0;
        return found;
    }

    boolean skipName(String written) {
        boolean found = isName(written);
        at += found ? 1 : 0;
        return found;
    }

    Token expect(Token.Kind kind, String what) {
        if (!isNext(kind)) {
            throw unexpected(what);
        }
        return next();
    }

    void expectOperator(String written) {
        if (!skipOperator(written)) {
            throw unexpected("'" + written + "'");
        }
    }

    void expectName(String written) {
        if (!skipName(written)) {
            throw unexpected("'" + written + "'");
        }
    }

    ChatTemplateException unexpected(String wanted) {
        return new ChatTemplateException(
                        "the chat template has " + peek().describe() + " where " + wanted + " is expected")
                .at(peek().line());
    }

    void enter() {
        if (++depth > DEEPEST) {
            throw new ChatTemplateException("the chat template is nested more than " + DEEPEST + " deep");
        }
    }

    void leave() {
        depth--;
    }
}
