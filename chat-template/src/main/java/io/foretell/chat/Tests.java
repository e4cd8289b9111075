package io.foretell.chat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Jinja2's tests: {@code value is name(arguments)}. Pure functions. */
final class Tests {
    /** Whether a value passes. */
    interface Test {
        boolean passes(@Nullable Object value, Arguments arguments, Scope scope);
    }

    private static final Set<String> WITH_ARGUMENT = Set.of(
            "divisibleby",
            "eq",
            "equalto",
            "==",
            "ne",
            "!=",
            "in",
            "lt",
            "lessthan",
            "<",
            "le",
            "<=",
            "gt",
            "greaterthan",
            ">",
            "ge",
            ">=");

    private Tests() {}

    static boolean takesArgument(String name) {
        return WITH_ARGUMENT.contains(name);
    }

    /** @throws ChatTemplateException when there is no such test here */
    static Test find(String name) {
        return switch (name) {
            case "defined" -> (v, a, s) -> !(v instanceof Undefined);
            case "undefined" -> (v, a, s) -> v instanceof Undefined;
            case "none" -> (v, a, s) -> v == null;
            case "boolean" -> (v, a, s) -> v instanceof Boolean;
            case "true" -> (v, a, s) -> Boolean.TRUE.equals(v);
            case "false" -> (v, a, s) -> Boolean.FALSE.equals(v);
            case "integer" -> (v, a, s) -> v instanceof Long;
            case "float" -> (v, a, s) -> v instanceof Double;
            case "number" -> (v, a, s) -> Values.isNumber(v);
            case "string" -> (v, a, s) -> v instanceof String || v instanceof Markup;
            case "mapping" -> (v, a, s) -> v instanceof Map;
            case "callable" -> (v, a, s) -> v instanceof Function;
            case "iterable" -> (v, a, s) -> isSequence(v) || v instanceof Undefined;
            case "sequence" -> (v, a, s) -> isSequence(v) || v instanceof Undefined;
            case "even" -> (v, a, s) -> Math.floorMod(Values.number(v).longValue(), 2L) == 0;
            case "odd" -> (v, a, s) -> Math.floorMod(Values.number(v).longValue(), 2L) == 1;
            case "divisibleby" -> (v, a, s) -> Values.equal(Operators.binary("%", v, other(a), s.limits()), 0L);
            case "eq", "equalto", "==" -> (v, a, s) -> Values.equal(v, other(a));
            case "ne", "!=" -> (v, a, s) -> !Values.equal(v, other(a));
            case "in" -> (v, a, s) -> Values.contains(other(a), v);
            case "lt", "lessthan", "<" -> (v, a, s) -> Values.compare(v, other(a)) < 0;
            case "le", "<=" -> (v, a, s) -> Values.compare(v, other(a)) <= 0;
            case "gt", "greaterthan", ">" -> (v, a, s) -> Values.compare(v, other(a)) > 0;
            case "ge", ">=" -> (v, a, s) -> Values.compare(v, other(a)) >= 0;
            case "lower" ->
                (v, a, s) -> isCased(PythonText.of(v))
                        && PythonText.of(v).equals(PythonText.of(v).toLowerCase(Locale.ROOT));
            case "upper" ->
                (v, a, s) -> isCased(PythonText.of(v))
                        && PythonText.of(v).equals(PythonText.of(v).toUpperCase(Locale.ROOT));
            default -> throw ChatTemplateException.unsupported("the test 'is " + name + "'");
        };
    }

    private static boolean isSequence(@Nullable Object value) {
        return value instanceof List || value instanceof Map || value instanceof String || value instanceof Markup;
    }

    private static boolean isCased(String text) {
        return text.codePoints().anyMatch(c -> Character.isLowerCase(c) || Character.isUpperCase(c));
    }

    private static @Nullable Object other(Arguments arguments) {
        if (arguments.places().size() != 1) {
            throw new ChatTemplateException("the chat template compares with nothing");
        }
        return arguments.places().get(0);
    }
}
