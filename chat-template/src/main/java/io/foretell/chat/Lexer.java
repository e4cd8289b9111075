package io.foretell.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens as Jinja2 does with {@code trim_blocks} and {@code lstrip_blocks}: the first newline after
 * a block and the white space before a block at the start of a line vanish, and so does the template's last newline.
 * Used once, by one thread.
 */
final class Lexer {
    private static final Pattern OPENING = Pattern.compile("\\{[%{#]");
    private static final Pattern COMMENT_END = Pattern.compile("-#}\\s*|\\+#}|#}\\n?", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern BLOCK_END = Pattern.compile("-%}\\s*|\\+%}|%}\\n?", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern PRINT_END = Pattern.compile("-}}\\s*|}}", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern EXPRESSION = Pattern.compile(
            "(?<space>\\s+)|(?<float>\\d[\\d_]*(?:\\.\\d[\\d_]*)?[eE][+-]?\\d+|\\d[\\d_]*\\.\\d[\\d_]*)|(?<integer>\\d[\\d_]*)"
                    + "|(?<name>[\\p{L}_][\\p{L}\\p{N}_]*)"
                    + "|(?<string>'[^'\\\\]*(?:\\\\.[^'\\\\]*)*'|\"[^\"\\\\]*(?:\\\\.[^\"\\\\]*)*\")"
                    + "|(?<operator>//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;])",
            Pattern.DOTALL);
    private static final String OPEN = "([{";
    private static final String CLOSE = ")]}";

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private boolean lineStarts = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        Matcher opening = OPENING.matcher(source);
        while (opening.find(at)) {
            boolean print = opening.group().equals("{{");
            data(source.substring(at, opening.start()), opening.end(), print);
            moveTo(opening.end());
            if (at < source.length() && (source.charAt(at) == '-' || source.charAt(at) == '+')) {
                moveTo(at + 1);
            }
            if (opening.group().equals("{#")) {
                comment();
            } else {
                add(print ? Token.Kind.PRINT_BEGIN : Token.Kind.BLOCK_BEGIN, opening.group());
                expression(print ? PRINT_END : BLOCK_END, print ? Token.Kind.PRINT_END : Token.Kind.BLOCK_END);
            }
        }
        if (at < source.length()) {
            add(Token.Kind.DATA, source.substring(at));
        }
        moveTo(source.length());
        add(Token.Kind.END, "");
    }

    private void data(String text, int inner, boolean print) {
        char sign = inner < source.length() ? source.charAt(inner) : ' ';
        String kept = text;
        if (sign == '-') {
            kept = TextMethods.strip(text, null, false, true);
        } else if (sign != '+' && !print) {
            int start = text.lastIndexOf('\n') + 1;
            if ((start > 0 || lineStarts)
                    && TextMethods.strip(text.substring(start), null, true, true)
                            .isEmpty()) {
                kept = text.substring(0, start);
            }
        }
        if (!kept.isEmpty()) {
            add(Token.Kind.DATA, kept);
        }
    }

    private void comment() {
        Matcher end = COMMENT_END.matcher(source);
        if (!end.find(at)) {
            throw new ChatTemplateException("the chat template has a comment without an end").at(line);
        }
        lineStarts = end.group().endsWith("\n");
        moveTo(end.end());
    }

    private void expression(Pattern closing, Token.Kind closed) {
        Deque<Character> brackets = new ArrayDeque<>();
        Matcher end = closing.matcher(source);
        Matcher next = EXPRESSION.matcher(source);
        while (at < source.length()) {
            if (brackets.isEmpty() && end.region(at, source.length()).lookingAt()) {
                add(closed, end.group().strip());
                lineStarts = end.group().endsWith("\n");
                moveTo(end.end());
                return;
            }
            if (!next.region(at, source.length()).lookingAt()) {
                throw new ChatTemplateException("the chat template has an unexpected '" + source.charAt(at) + "'")
                        .at(line);
            }
            if (next.group("space") == null) {
                part(next, brackets);
            }
            moveTo(next.end());
        }
        throw new ChatTemplateException("the chat template ends inside a tag").at(line);
    }

    private void part(Matcher next, Deque<Character> brackets) {
        String text = next.group();
        if (next.group("operator") != null) {
            balance(text.charAt(0), brackets);
            add(Token.Kind.OPERATOR, text);
        } else if (next.group("string") != null) {
            add(Token.Kind.STRING, Escapes.resolve(text.substring(1, text.length() - 1)));
        } else if (next.group("name") != null) {
            add(Token.Kind.NAME, text);
        } else {
            add(next.group("integer") != null ? Token.Kind.INTEGER : Token.Kind.FLOAT, text.replace("_", ""));
        }
    }

    private void balance(char bracket, Deque<Character> brackets) {
        int closes = CLOSE.indexOf(bracket);
        if (OPEN.indexOf(bracket) >= 0) {
            brackets.push(bracket);
        } else if (closes >= 0 && (brackets.isEmpty() || brackets.pop() != OPEN.charAt(closes))) {
            throw new ChatTemplateException("the chat template has a '" + bracket + "' that closes nothing").at(line);
        }
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }

    private void moveTo(int position) {
        for (int i = at; i < position; i++) {
            line += source.charAt(i) == '\n' ? 1 : 0;
        }
        at = position;
    }
}
