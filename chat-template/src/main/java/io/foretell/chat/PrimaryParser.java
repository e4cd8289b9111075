package io.foretell.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Literals, names, and what follows them: attributes, items, slices and calls. Confined to one parser. */
final class PrimaryParser {
    private static final Set<String> RESERVED = Set.of("varargs", "kwargs", "caller", "self", "super");

    private final TokenStream tokens;
    private final ExpressionParser expressions;

    PrimaryParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    Expression primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME -> name(token);
            case STRING -> string(token);
            case INTEGER -> constant(whole(token));
            case FLOAT -> constant(Double.parseDouble(token.text()));
            case OPERATOR -> bracket(token);
            default ->
                throw new ChatTemplateException(
                                "the chat template has " + token.describe() + " where a value is expected")
                        .at(token.line());
        };
    }

    private static Expression constant(@Nullable Object value) {
        return scope -> value;
    }

    private static Long whole(Token token) {
        try {
            return Long.parseLong(token.text());
        } catch (NumberFormatException e) {
            throw ChatTemplateException.unsupported("a number of more than 64 bits")
                    .at(token.line());
        }
    }

    private static Expression name(Token token) {
        String name = token.text();
        if (RESERVED.contains(name)) {
            throw ChatTemplateException.unsupported("'" + name + "'").at(token.line());
        }
        return switch (name) {
            case "true", "True" -> constant(true);
            case "false", "False" -> constant(false);
            case "none", "None" -> constant(null);
            default -> scope -> scope.get(name);
        };
    }

    private Expression string(Token first) {
        StringBuilder text = new StringBuilder(first.text());
        while (tokens.isNext(Token.Kind.STRING)) {
            text.append(tokens.next().text());
        }
        return constant(text.toString());
    }

    private Expression bracket(Token token) {
        return switch (token.text()) {
            case "(" -> parentheses();
            case "[" -> list();
            case "{" -> map();
            default ->
                throw new ChatTemplateException(
                                "the chat template has " + token.describe() + " where a value is expected")
                        .at(token.line());
        };
    }

    private Expression parentheses() {
        if (tokens.skipOperator(")")) {
            return constant(new Tuple(List.of()));
        }
        Expression inside = expressions.tuple(true);
        tokens.expectOperator(")");
        return inside;
    }

    private Expression list() {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
            items.add(expressions.expression());
            if (!tokens.isOperator("]")) {
                tokens.expectOperator(",");
            }
        }
        return scope -> ExpressionParser.evaluate(items, scope);
    }

    private Expression map() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            keys.add(expressions.expression());
            tokens.expectOperator(":");
            values.add(expressions.expression());
            if (!tokens.isOperator("}")) {
                tokens.expectOperator(",");
            }
        }
        return scope -> {
            Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                map.put(keys.get(i).evaluate(scope), values.get(i).evaluate(scope));
            }
            return map;
        };
    }

    Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skipOperator(".")) {
                value = attribute(value);
            } else if (tokens.skipOperator("[")) {
                value = item(value);
            } else if (tokens.isOperator("(")) {
                value = call(value);
            } else {
                return value;
            }
        }
    }

    private Expression attribute(Expression target) {
        if (tokens.isNext(Token.Kind.INTEGER)) {
            Long place = whole(tokens.next());
            return scope -> Access.item(target.evaluate(scope), place);
        }
        String name = tokens.expect(Token.Kind.NAME, "a name").text();
        return scope -> Access.attribute(target.evaluate(scope), name);
    }

    private Expression item(Expression target) {
        Expression first = tokens.isOperator(":") ? constant(null) : expressions.expression();
        if (tokens.skipOperator("]")) {
            return scope -> Access.item(target.evaluate(scope), first.evaluate(scope));
        }
        tokens.expectOperator(":");
        Expression last = tokens.isOperator(":") || tokens.isOperator("]") ? constant(null) : expressions.expression();
        Expression step =
                tokens.skipOperator(":") && !tokens.isOperator("]") ? expressions.expression() : constant(null);
        tokens.expectOperator("]");
        return scope ->
                Access.slice(target.evaluate(scope), first.evaluate(scope), last.evaluate(scope), step.evaluate(scope));
    }

    Expression call(Expression callee) {
        ExpressionParser.Call arguments = expressions.arguments();
        return scope -> {
            Object target = callee.evaluate(scope);
            if (target instanceof Undefined undefined) {
                throw ChatTemplateException.unsupported("the function " + undefined.what());
            }
            if (!(target instanceof Function function)) {
                throw new ChatTemplateException("the chat template calls " + Values.kind(target));
            }
            scope.limits().step(0);
            return function.call(arguments.evaluate(scope), scope);
        };
    }
}
