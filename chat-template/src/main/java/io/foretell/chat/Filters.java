package io.foretell.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Jinja2's filters of one value. Pure functions. */
final class Filters {
    /** {@code value | name(arguments)}. */
    interface Filter {
        @Nullable
        Object apply(@Nullable Object value, Arguments arguments, Scope scope);
    }

    private Filters() {}

    /** @throws ChatTemplateException when there is no such filter here */
    static Filter find(String name) {
        return switch (name) {
            case "abs" -> (v, a, s) -> Values.number(v).doubleValue() < 0 ? Operators.negative(v) : Values.number(v);
            case "capitalize" -> (v, a, s) -> TextMethods.capitalize(soft(v));
            case "count", "length" -> (v, a, s) -> Values.length(v);
            case "d", "default" ->
                (v, a, s) -> {
                    a.of(name, "default_value", "boolean");
                    boolean missing = v instanceof Undefined || a.flag(1, "boolean") && !Values.isTrue(v);
                    return missing ? a.get(0, "default_value", "") : v;
                };
            case "dictsort" -> (v, a, s) -> dictsort(v, a.of(name));
            case "first" ->
                (v, a, s) -> Values.items(v).isEmpty()
                        ? new Undefined("a first item")
                        : Values.items(v).get(0);
            case "float" -> (v, a, s) -> decimal(v, a.of(name, "default"));
            case "indent" -> (v, a, s) -> indent(soft(v), a.of(name, "width", "first", "blank"), s);
            case "int" -> (v, a, s) -> whole(v, a.of(name, "default"));
            case "items" -> (v, a, s) -> v instanceof Undefined ? List.of() : pairs(v);
            case "join" -> (v, a, s) -> join(v, a.of(name, "d", "attribute"), s);
            case "last" -> (v, a, s) -> last(Values.items(v));
            case "list" -> (v, a, s) -> new ArrayList<@Nullable Object>(Values.items(v));
            case "lower" -> (v, a, s) -> soft(v).toLowerCase(Locale.ROOT);
            case "map", "select", "reject", "selectattr", "rejectattr" -> (v, a, s) -> Selections.apply(name, v, a, s);
            case "max" -> (v, a, s) -> extreme(v, a.of(name), (x, y) -> Values.compare(y, x) > 0 ? y : x);
            case "min" -> (v, a, s) -> extreme(v, a.of(name), (x, y) -> Values.compare(y, x) < 0 ? y : x);
            case "replace" ->
                (v, a, s) -> {
                    a.of(name, "old", "new", "count");
                    return TextMethods.replace(soft(v), a.text(0, "old", ""), a.text(1, "new", ""), a, s);
                };
            case "reverse" -> (v, a, s) -> reverse(v);
            case "safe" -> (v, a, s) -> new Markup(PythonText.of(v));
            case "sort" -> (v, a, s) -> sort(v, a.of(name, "reverse", "case_sensitive", "attribute"));
            case "string" -> (v, a, s) -> v instanceof Markup ? v : soft(v);
            case "sum" -> (v, a, s) -> sum(v, a.of(name, "attribute", "start"), s);
            case "title" -> (v, a, s) -> title(soft(v));
            case "tojson" -> (v, a, s) -> json(v, a.of(name, "ensure_ascii", "indent", "separators", "sort_keys"), s);
            case "trim" ->
                (v, a, s) -> {
                    a.of(name, "chars");
                    String chars = a.get(0, "chars", null) == null ? null : a.text(0, "chars", "");
                    return TextMethods.strip(soft(v), chars, true, true);
                };
            case "unique" -> (v, a, s) -> unique(v, a.of(name));
            case "upper" -> (v, a, s) -> soft(v).toUpperCase(Locale.ROOT);
            default -> throw ChatTemplateException.unsupported("the filter '" + name + "'");
        };
    }

    private static String soft(@Nullable Object value) {
        if (value instanceof Markup) {
            throw ChatTemplateException.unsupported("the filter 'safe' before another filter");
        }
        return PythonText.of(value);
    }

    private static List<Tuple> pairs(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return Methods.items(map);
        }
        throw new ChatTemplateException("the chat template asks for the items of " + Values.kind(value));
    }

    private static List<Tuple> dictsort(@Nullable Object value, Arguments none) {
        List<Tuple> pairs = new ArrayList<>(pairs(value));
        pairs.sort(Comparator.comparing(pair -> folded(pair.get(0)), Values::compare));
        return pairs;
    }

    private static @Nullable Object folded(@Nullable Object value) {
        return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
    }

    private static @Nullable Object last(List<?> items) {
        return items.isEmpty() ? new Undefined("a last item") : items.get(items.size() - 1);
    }

    private static Object decimal(@Nullable Object value, Arguments arguments) {
        if (Values.isNumber(value)) {
            return Values.number(value).doubleValue();
        }
        if (value instanceof String text && text.strip().matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
            return Double.parseDouble(text.strip());
        }
        return arguments.get(0, "default", 0.0);
    }

    private static Object whole(@Nullable Object value, Arguments arguments) {
        if (Values.isNumber(value)) {
            return Values.number(value).longValue();
        }
        if (value instanceof String text && text.strip().matches("[+-]?\\d{1,18}(\\.\\d*)?")) {
            return Long.parseLong(text.strip().replaceAll("\\..*", ""));
        }
        return arguments.get(0, "default", 0L);
    }

    private static String indent(String text, Arguments arguments, Scope scope) {
        Object width = arguments.get(0, "width", 4L);
        String margin = width instanceof String given ? given : " ".repeat(arguments.number(0, "width", 4));
        boolean blank = arguments.flag(2, "blank");
        List<String> lines = TextMethods.lines(text + "\n");
        StringBuilder indented = new StringBuilder(arguments.flag(1, "first") ? margin : "");
        for (int i = 0; i < lines.size(); i++) {
            boolean bare = i == 0 || lines.get(i).isEmpty() && !blank;
            indented.append(i == 0 ? "" : "\n").append(bare ? "" : margin).append(lines.get(i));
            scope.limits().text((long) indented.length());
        }
        return indented.toString();
    }

    private static String join(@Nullable Object value, Arguments arguments, Scope scope) {
        List<@Nullable Object> items = new ArrayList<>(Values.items(value));
        if (arguments.has(1, "attribute")) {
            items.replaceAll(item -> Selections.attribute(item, arguments.text(1, "attribute", "")));
        }
        String between = PythonText.of(arguments.get(0, "d", ""));
        scope.limits().text((long) between.length() * items.size());
        return scope.limits().text(items.stream().map(PythonText::of).collect(Collectors.joining(between)));
    }

    private static @Nullable Object extreme(
            @Nullable Object value, Arguments none, BinaryOperator<@Nullable Object> better) {
        List<?> items = Values.items(value);
        if (items.stream().anyMatch(String.class::isInstance)) {
            throw ChatTemplateException.unsupported("the largest or smallest of texts");
        }
        @Nullable Object best = items.isEmpty() ? new Undefined("an item") : items.get(0);
        for (Object item : items) {
            best = better.apply(best, item);
        }
        return best;
    }

    private static Object reverse(@Nullable Object value) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<@Nullable Object> items = new ArrayList<>(Values.items(value));
        Collections.reverse(items);
        return items;
    }

    private static List<?> sort(@Nullable Object value, Arguments arguments) {
        boolean exact = arguments.flag(1, "case_sensitive");
        List<@Nullable Object> items = new ArrayList<>(Values.items(value));
        Comparator<@Nullable Object> order = (x, y) -> {
            @Nullable Object a = x;
            @Nullable Object b = y;
            if (arguments.get(2, "attribute", null) != null) {
                a = Selections.attribute(a, arguments.text(2, "attribute", ""));
                b = Selections.attribute(b, arguments.text(2, "attribute", ""));
            }
            return exact ? Values.compare(a, b) : Values.compare(folded(a), folded(b));
        };
        items.sort(arguments.flag(0, "reverse") ? order.reversed() : order);
        return items;
    }

    private static @Nullable Object sum(@Nullable Object value, Arguments arguments, Scope scope) {
        @Nullable Object sum = arguments.get(1, "start", 0L);
        for (Object item : Values.items(value)) {
            Object each = arguments.get(0, "attribute", null) == null
                    ? item
                    : Selections.attribute(item, arguments.text(0, "attribute", ""));
            sum = Operators.binary("+", sum, each, scope.limits());
        }
        return sum;
    }

    private static String title(String text) {
        StringBuilder written = new StringBuilder();
        boolean starts = true;
        for (int c : text.codePoints().toArray()) {
            written.append(
                    starts
                            ? Character.toString(c).toUpperCase(Locale.ROOT)
                            : Character.toString(c).toLowerCase(Locale.ROOT));
            starts = TextMethods.isSpace(c) || "-({[<".indexOf(c) >= 0;
        }
        return written.toString();
    }

    private static List<?> unique(@Nullable Object value, Arguments none) {
        List<@Nullable Object> kept = new ArrayList<>();
        for (Object item : Values.items(value)) {
            if (kept.stream().noneMatch(each -> Values.equal(folded(each), folded(item)))) {
                kept.add(item);
            }
        }
        return kept;
    }

    private static String json(@Nullable Object value, Arguments arguments, Scope scope) {
        if (arguments.flag(0, "ensure_ascii")) {
            throw ChatTemplateException.unsupported("tojson with ensure_ascii");
        }
        Object given = arguments.get(1, "indent", null);
        String indent = given == null
                ? null
                : given instanceof String text ? text : " ".repeat(Math.max(0, arguments.number(1, "indent", 0)));
        Object separators = arguments.get(2, "separators", null);
        String comma = indent == null ? ", " : ",";
        String colon = ": ";
        if (separators instanceof List<?> pair
                && pair.size() == 2
                && pair.get(0) instanceof String first
                && pair.get(1) instanceof String second) {
            comma = first;
            colon = second;
        } else if (separators != null) {
            throw ChatTemplateException.unsupported("tojson with separators that are not two texts");
        }
        return new JsonText(indent, comma, colon, arguments.flag(3, "sort_keys"), scope.limits()).of(value);
    }
}
