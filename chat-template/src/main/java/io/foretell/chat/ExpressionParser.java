package io.foretell.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tokens to expressions, with Jinja2's precedence. Confined to one parser. */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

    private final TokenStream tokens;
    private final PrimaryParser primary;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
        this.primary = new PrimaryParser(tokens, this);
    }

    /** One expression, or several with commas between them, which are a tuple. */
    Expression tuple(boolean withCondition) {
        Expression first = withCondition ? expression() : or();
        if (!tokens.isOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",") && !endsTuple()) {
            items.add(withCondition ? expression() : or());
        }
        return scope -> new Tuple(evaluate(items, scope));
    }

    private boolean endsTuple() {
        return tokens.isNext(Token.Kind.BLOCK_END)
                || tokens.isNext(Token.Kind.PRINT_END)
                || tokens.isOperator(")")
                || tokens.isName("recursive");
    }

    static List<@Nullable Object> evaluate(List<Expression> items, Scope scope) {
        List<@Nullable Object> values = new ArrayList<>();
        items.forEach(item -> values.add(item.evaluate(scope)));
        return values;
    }

    Expression expression() {
        tokens.enter();
        Expression value = or();
        while (tokens.skipName("if")) {
            Expression then = value;
            Expression condition = or();
            Expression otherwise = tokens.skipName("else") ? expression() : null;
            value = scope -> {
                if (Values.isTrue(condition.evaluate(scope))) {
                    return then.evaluate(scope);
                }
                return otherwise == null ? new Undefined("an 'else'") : otherwise.evaluate(scope);
            };
        }
        tokens.leave();
        return value;
    }

    Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            Expression a = left;
            Expression b = and();
            left = scope -> {
                Object value = a.evaluate(scope);
                return Values.isTrue(value) ? value : b.evaluate(scope);
            };
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            Expression a = left;
            Expression b = not();
            left = scope -> {
                Object value = a.evaluate(scope);
                return Values.isTrue(value) ? b.evaluate(scope) : value;
            };
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        tokens.enter();
        Expression value = not();
        tokens.leave();
        return scope -> !Values.isTrue(value.evaluate(scope));
    }

    /** Comparisons in a row hold when each holds between its neighbours. */
    private Expression comparison() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> others = new ArrayList<>();
        for (String operator = comparator(); operator != null; operator = comparator()) {
            operators.add(operator);
            others.add(sum());
        }
        if (operators.isEmpty()) {
            return first;
        }
        return scope -> {
            Object left = first.evaluate(scope);
            boolean holds = true;
            for (int i = 0; holds && i < operators.size(); i++) {
                Object right = others.get(i).evaluate(scope);
                holds = Operators.compare(operators.get(i), left, right);
                left = right;
            }
            return holds;
        };
    }

    private @Nullable String comparator() {
        if (tokens.isNext(Token.Kind.OPERATOR)
                && COMPARISONS.contains(tokens.peek().text())) {
            return tokens.next().text();
        }
        if (tokens.skipName("in")) {
            return "in";
        }
        if (tokens.isNames("not", "in")) {
            tokens.next();
            tokens.next();
            return "not in";
        }
        return null;
    }

    private Expression sum() {
        Expression left = joined();
        while (tokens.isOperator("+") || tokens.isOperator("-")) {
            left = binary(tokens.next().text(), left, joined());
        }
        return left;
    }

    private Expression joined() {
        Expression left = product();
        while (tokens.skipOperator("~")) {
            left = binary("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (tokens.isOperator("*") || tokens.isOperator("/") || tokens.isOperator("//") || tokens.isOperator("%")) {
            left = binary(tokens.next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression value = unary(true);
        if (tokens.isOperator("**")) {
            throw ChatTemplateException.unsupported("the operator **")
                    .at(tokens.peek().line());
        }
        return value;
    }

    private static Expression binary(String operator, Expression a, Expression b) {
        return scope -> Operators.binary(operator, a.evaluate(scope), b.evaluate(scope), scope.limits());
    }

    private Expression unary(boolean withFilters) {
        tokens.enter();
        Expression value;
        if (tokens.skipOperator("-")) {
            Expression positive = unary(false);
            value = scope -> Operators.negative(positive.evaluate(scope));
        } else if (tokens.skipOperator("+")) {
            Expression number = unary(false);
            value = scope -> Values.number(number.evaluate(scope));
        } else {
            value = primary.postfix(primary.primary());
        }
        tokens.leave();
        return withFilters ? filtered(value) : value;
    }

    private Expression filtered(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skipOperator("|")) {
                value = filter(value);
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.isOperator("(")) {
                value = primary.call(value);
            } else {
                return value;
            }
        }
    }

    Expression filter(Expression value) {
        String name = tokens.expect(Token.Kind.NAME, "a filter's name").text();
        Filters.Filter filter = Filters.find(name);
        Call arguments = tokens.isOperator("(") ? arguments() : Call.NONE;
        return scope -> filter.apply(value.evaluate(scope), arguments.evaluate(scope), scope);
    }

    private Expression test(Expression value) {
        boolean negated = tokens.skipName("not");
        Token name = tokens.expect(Token.Kind.NAME, "a test's name");
        Tests.Test test = Tests.find(name.text());
        Call arguments = Call.NONE;
        if (tokens.isOperator("(")) {
            arguments = arguments();
        } else if (startsArgument()) {
            arguments = new Call(List.of(primary.postfix(primary.primary())), Map.of());
        }
        if (arguments != Call.NONE && !Tests.takesArgument(name.text())) {
            throw new ChatTemplateException("the chat template compares 'is " + name.text() + "' with something")
                    .at(name.line());
        }
        Call given = arguments;
        return scope -> test.passes(value.evaluate(scope), given.evaluate(scope), scope) != negated;
    }

    private boolean startsArgument() {
        Token token = tokens.peek();
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !NO_ARGUMENT.contains(token.text());
            default -> tokens.isOperator("[") || tokens.isOperator("{");
        };
    }

    /** The arguments of a call, as written. */
    record Call(List<Expression> places, Map<String, Expression> names) {
        static final Call NONE = new Call(List.of(), Map.of());

        Arguments evaluate(Scope scope) {
            if (this == NONE) {
                return Arguments.NONE;
            }
            Map<String, @Nullable Object> named = new LinkedHashMap<>();
            names.forEach((name, value) -> named.put(name, value.evaluate(scope)));
            return new Arguments(ExpressionParser.evaluate(places, scope), named);
        }
    }

    Call arguments() {
        tokens.expectOperator("(");
        List<Expression> places = new ArrayList<>();
        Map<String, Expression> names = new LinkedHashMap<>();
        while (!tokens.skipOperator(")")) {
            if (tokens.isOperator("*") || tokens.isOperator("**")) {
                throw ChatTemplateException.unsupported("arguments with a star")
                        .at(tokens.peek().line());
            }
            if (tokens.isAssignment()) {
                String name = tokens.next().text();
                tokens.next();
                names.put(name, expression());
            } else if (names.isEmpty()) {
                places.add(expression());
            } else {
                throw tokens.unexpected("a named argument");
            }
            if (!tokens.isOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        return new Call(places, names);
    }
}
