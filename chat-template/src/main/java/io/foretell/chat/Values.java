package io.foretell.chat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What Python's rules say of values: truth, equality, order, items. Pure functions. */
final class Values {
    private Values() {}

    static boolean isTrue(@Nullable Object value) {
        if (value instanceof Boolean flag) {
            return flag;
        }
        if (value instanceof Long || value instanceof Double) {
            return ((Number) value).doubleValue() != 0;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof Markup markup) {
            return !markup.text().isEmpty();
        }
        if (value instanceof Collection<?> items) {
            return !items.isEmpty();
        }
        return value instanceof Map<?, ?> map ? !map.isEmpty() : value != null && !(value instanceof Undefined);
    }

    static String kind(@Nullable Object value) {
        if (value == null) {
            return "none";
        }
        if (value instanceof Undefined undefined) {
            return undefined.what() + ", which is not there,";
        }
        return value instanceof String || value instanceof Markup
                ? "a text"
                : value instanceof Boolean
                        ? "true or false"
                        : value instanceof Number
                                ? "a number"
                                : value instanceof List
                                        ? "a list"
                                        : value instanceof Map
                                                ? "a mapping"
                                                : value instanceof Function ? "a function" : "a namespace";
    }

    static boolean isNumber(@Nullable Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    /** The number that true, false, or a number is in arithmetic. */
    static Number number(@Nullable Object value) {
        if (value instanceof Boolean flag) {
            return flag ? 1L : 0L;
        }
        if (value instanceof Long || value instanceof Double) {
            return (Number) value;
        }
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        throw new ChatTemplateException("the chat template calculates with " + kind(value));
    }

    static boolean equal(@Nullable Object a, @Nullable Object b) {
        if (isNumber(a) && isNumber(b)) {
            Number x = number(a);
            Number y = number(b);
            return x instanceof Long && y instanceof Long ? x.equals(y) : x.doubleValue() == y.doubleValue();
        }
        if (a instanceof Markup || b instanceof Markup) {
            return Objects.equals(a instanceof Markup x ? x.text() : a, b instanceof Markup y ? y.text() : b);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            boolean same = x.size() == y.size() && a instanceof Tuple == b instanceof Tuple;
            for (int i = 0; same && i < x.size(); i++) {
                same = equal(x.get(i), y.get(i));
            }
            return same;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.size() == y.size()
                    && x.entrySet().stream()
                            .allMatch(e -> y.containsKey(e.getKey()) && equal(e.getValue(), y.get(e.getKey())));
        }
        return Objects.equals(a, b);
    }

    static int compare(@Nullable Object a, @Nullable Object b) {
        if (a instanceof String x && b instanceof String y) {
            return java.util.Arrays.compare(
                    x.codePoints().toArray(), y.codePoints().toArray());
        }
        if (isNumber(a) && isNumber(b)) {
            Number x = number(a);
            Number y = number(b);
            return x instanceof Long && y instanceof Long
                    ? Long.compare(x.longValue(), y.longValue())
                    : Double.compare(x.doubleValue(), y.doubleValue());
        }
        throw new ChatTemplateException(
                "the chat template asks which of " + kind(a) + " and " + kind(b) + " is larger");
    }

    /** What a loop over {@code value} meets: items, keys, or characters. */
    static List<?> items(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        if (value instanceof Map<?, ?> map) {
            return new ArrayList<>(map.keySet());
        }
        if (value instanceof String text) {
            return text.codePoints().mapToObj(Character::toString).toList();
        }
        if (value instanceof Undefined) {
            return List.of();
        }
        throw new ChatTemplateException("the chat template loops over " + kind(value));
    }

    static boolean contains(@Nullable Object container, @Nullable Object item) {
        if (container instanceof String text) {
            if (item instanceof String part) {
                return text.contains(part);
            }
            throw new ChatTemplateException("the chat template looks for " + kind(item) + " in a text");
        }
        if (container instanceof Map<?, ?> map) {
            return map.containsKey(item);
        }
        return items(container).stream().anyMatch(each -> equal(each, item));
    }

    static long length(@Nullable Object value) {
        return value instanceof String text
                ? text.codePointCount(0, text.length())
                : items(value).size();
    }
}
