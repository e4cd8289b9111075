package io.foretell.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tokens to statements. Used once, by one thread. */
final class StatementParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops;

    private StatementParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static Statement parse(String template) {
        StatementParser parser = new StatementParser(new TokenStream(Lexer.tokens(template)));
        int line = 0;
        try {
            return parser.body(Set.of());
        } catch (ChatTemplateException e) {
            line = parser.tokens.peek().line();
            throw e.at(line);
        }
    }

    /** Statements up to a tag that is one of {@code ends}, whose name is the next token then. */
    private Statement body(Set<String> ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> statements.add((scope, output) -> output.write(token.text()));
                case PRINT_BEGIN -> statements.add(located(print(), token.line()));
                case BLOCK_BEGIN -> {
                    Token name = tokens.peek();
                    if (ends.contains(name.text())) {
                        tokens.leave();
                        return all(statements);
                    }
                    statements.add(located(block(), token.line()));
                }
                default -> {
                    if (token.kind() != Token.Kind.END || !ends.isEmpty()) {
                        throw new ChatTemplateException("the chat template has " + token.describe() + " where "
                                        + String.join(" or ", ends) + " is expected")
                                .at(token.line());
                    }
                    tokens.leave();
                    return all(statements);
                }
            }
        }
    }

    private static Statement all(List<Statement> statements) {
        return (scope, output) -> {
            for (Statement statement : statements) {
                scope.limits().step(0);
                statement.render(scope, output);
            }
        };
    }

    private static Statement located(Statement statement, int line) {
        return (scope, output) -> {
            try {
                statement.render(scope, output);
            } catch (ChatTemplateException e) {
                throw e.at(line);
            }
        };
    }

    private Statement print() {
        Expression value = expressions.tuple(true);
        tokens.expect(Token.Kind.PRINT_END, "'}}'");
        return (scope, output) -> output.write(PythonText.of(value.evaluate(scope)));
    }

    private Statement block() {
        Token name = tokens.expect(Token.Kind.NAME, "the name of a tag");
        return switch (name.text()) {
            case "if" -> condition();
            case "for" -> loop();
            case "set" -> assignment();
            case "macro" -> macro();
            case "filter" -> filter();
            case "generation" -> plain("endgeneration");
            case "break", "continue" -> jump(name);
            default ->
                throw ChatTemplateException.unsupported("the tag '" + name.text() + "'")
                        .at(name.line());
        };
    }

    private void end() {
        tokens.expect(Token.Kind.BLOCK_END, "'%}'");
    }

    private Statement plain(String end) {
        end();
        Statement body = body(Set.of(end));
        tokens.expectName(end);
        end();
        return body;
    }

    private Statement jump(Token name) {
        if (loops == 0) {
            throw new ChatTemplateException("the chat template has a '" + name.text() + "' outside of a loop")
                    .at(name.line());
        }
        end();
        Statement.JumpException jump =
                name.text().equals("break") ? Statement.JumpException.BREAK : Statement.JumpException.CONTINUE;
        return (scope, output) -> {
            throw jump;
        };
    }

    private Statement condition() {
        Expression condition = expressions.tuple(false);
        end();
        Statement then = body(Set.of("elif", "else", "endif"));
        Statement otherwise = (scope, output) -> {};
        if (tokens.skipName("elif")) {
            otherwise = condition();
        } else {
            if (tokens.skipName("else")) {
                end();
                otherwise = body(Set.of("endif"));
            }
            tokens.expectName("endif");
            end();
        }
        Statement other = otherwise;
        return (scope, output) -> (Values.isTrue(condition.evaluate(scope)) ? then : other).render(scope, output);
    }

    private Statement loop() {
        Targets targets = targets();
        tokens.expectName("in");
        Expression items = expressions.tuple(false);
        Expression condition = tokens.skipName("if") ? expressions.expression() : null;
        if (tokens.isName("recursive")) {
            throw ChatTemplateException.unsupported("a recursive loop")
                    .at(tokens.peek().line());
        }
        end();
        loops++;
        Statement body = body(Set.of("else", "endfor"));
        loops--;
        Statement otherwise = null;
        if (tokens.skipName("else")) {
            end();
            otherwise = body(Set.of("endfor"));
        }
        tokens.expectName("endfor");
        end();
        return new Loop(targets, items, condition, body, otherwise);
    }

    private Targets targets() {
        List<String> names = new ArrayList<>();
        boolean enclosed = tokens.skipOperator("(");
        boolean several = false;
        do {
            names.add(tokens.expect(Token.Kind.NAME, "a variable's name").text());
            several |= tokens.isOperator(",");
        } while (tokens.skipOperator(",") && tokens.isNext(Token.Kind.NAME) && !tokens.isName("in"));
        if (enclosed) {
            tokens.expectOperator(")");
        }
        return new Targets(names, several);
    }

    private Statement assignment() {
        Token first = tokens.peek();
        Targets targets = targets();
        String member = null;
        if (!targets.several() && tokens.skipOperator(".")) {
            member = tokens.expect(Token.Kind.NAME, "a name").text();
        }
        if (tokens.skipOperator("=")) {
            Expression value = expressions.tuple(true);
            end();
            return member == null
                    ? (scope, output) -> targets.assign(scope, value.evaluate(scope))
                    : member(first.text(), member, value);
        }
        if (tokens.isOperator("|") || member != null || targets.several()) {
            throw ChatTemplateException.unsupported("a 'set' block with a filter")
                    .at(first.line());
        }
        Statement body = plain("endset");
        return (scope, output) -> {
            Output inside = new Output(scope.limits());
            body.render(scope.inner(), inside);
            scope.set(first.text(), inside.text());
        };
    }

    private static Statement member(String name, String member, Expression value) {
        return (scope, output) -> {
            if (!(scope.get(name) instanceof Namespace namespace)) {
                throw new ChatTemplateException(
                        "the chat template assigns to a member of '" + name + "', which is not a namespace");
            }
            namespace.set(member, value.evaluate(scope));
        };
    }

    private Statement filter() {
        Statement[] body = new Statement[1];
        Expression inside = scope -> {
            Output text = new Output(scope.limits());
            body[0].render(scope.inner(), text);
            return text.text();
        };
        Expression filtered = expressions.filter(inside);
        while (tokens.skipOperator("|")) {
            filtered = expressions.filter(filtered);
        }
        body[0] = plain("endfilter");
        Expression value = filtered;
        return (scope, output) -> output.write(PythonText.of(value.evaluate(scope)));
    }

    private Statement macro() {
        String name = tokens.expect(Token.Kind.NAME, "a macro's name").text();
        Map<String, @Nullable Expression> parameters = new LinkedHashMap<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            String parameter =
                    tokens.expect(Token.Kind.NAME, "a parameter's name").text();
            parameters.put(parameter, tokens.skipOperator("=") ? expressions.expression() : null);
            if (!tokens.isOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        int around = loops;
        loops = 0;
        Statement body = plain("endmacro");
        loops = around;
        return (scope, output) -> scope.set(name, new Macro(name, parameters, body, scope));
    }
}
