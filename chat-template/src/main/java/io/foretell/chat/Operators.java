package io.foretell.chat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arithmetic and comparison. Pure functions. */
final class Operators {
    private Operators() {}

    static @Nullable Object binary(String operator, @Nullable Object a, @Nullable Object b, Limits limits) {
        if (operator.equals("~")) {
            return limits.text(PythonText.of(a) + PythonText.of(b));
        }
        if (a instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (b instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (operator.equals("+") && a instanceof String x && b instanceof String y) {
            return limits.text(x + y);
        }
        if (operator.equals("+") && isText(a) && isText(b)) {
            return new Markup(limits.text(Markup.escaped(a) + Markup.escaped(b)));
        }
        if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
            limits.items((long) x.size() + y.size());
            List<@Nullable Object> joined = new ArrayList<>(x);
            joined.addAll(y);
            return a instanceof Tuple ? new Tuple(joined) : joined;
        }
        if (operator.equals("*") && a instanceof String x && b instanceof Long times) {
            limits.text(Math.max(0, times) * x.length());
            return x.repeat(Math.max(0, (int) Math.min(times, Limits.MOST_CHARACTERS)));
        }
        if (operator.equals("%") && isText(a)) {
            throw ChatTemplateException.unsupported("the operator % on a text");
        }
        if (!Values.isNumber(a) || !Values.isNumber(b)) {
            throw new ChatTemplateException(
                    "the chat template uses '" + operator + "' between " + Values.kind(a) + " and " + Values.kind(b));
        }
        return arithmetic(operator, Values.number(a), Values.number(b));
    }

    private static boolean isText(@Nullable Object value) {
        return value instanceof String || value instanceof Markup;
    }

    private static Object arithmetic(String operator, Number a, Number b) {
        boolean whole = a instanceof Long && b instanceof Long;
        double x = a.doubleValue();
        double y = b.doubleValue();
        boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
        if (divides && y == 0) {
            throw new ChatTemplateException("the chat template divides by zero");
        }
        try {
            return switch (operator) {
                case "+" -> whole ? (Object) Math.addExact(a.longValue(), b.longValue()) : (Object) (x + y);
                case "-" -> whole ? (Object) Math.subtractExact(a.longValue(), b.longValue()) : (Object) (x - y);
                case "*" -> whole ? (Object) Math.multiplyExact(a.longValue(), b.longValue()) : (Object) (x * y);
                case "/" -> x / y;
                case "//" -> whole ? (Object) Math.floorDiv(a.longValue(), b.longValue()) : (Object) Math.floor(x / y);
                case "%" -> whole ? (Object) Math.floorMod(a.longValue(), b.longValue()) : (Object) modulo(x, y);
                default -> throw ChatTemplateException.unsupported("the operator " + operator);
            };
        } catch (ArithmeticException e) {
            throw new ChatTemplateException("the chat template calculates a number of more than 64 bits");
        }
    }

    private static double modulo(double x, double y) {
        double rest = x % y;
        return rest != 0 && rest < 0 != y < 0 ? rest + y : rest;
    }

    static Object negative(@Nullable Object value) {
        Number number = Values.number(value);
        return number instanceof Long whole ? (Object) (-whole) : (Object) (-number.doubleValue());
    }

    static boolean compare(String operator, @Nullable Object a, @Nullable Object b) {
        if (b instanceof Undefined undefined && !operator.contains("=") && !operator.contains("in")) {
            throw undefined.failure();
        }
        return switch (operator) {
            case "==" -> Values.equal(a, b);
            case "!=" -> !Values.equal(a, b);
            case "in" -> Values.contains(b, a);
            case "not in" -> !Values.contains(b, a);
            case "<" -> Values.compare(a, b) < 0;
            case "<=" -> Values.compare(a, b) <= 0;
            case ">" -> Values.compare(a, b) > 0;
            default -> Values.compare(a, b) >= 0;
        };
    }
}
