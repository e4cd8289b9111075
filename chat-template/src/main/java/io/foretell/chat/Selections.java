package io.foretell.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters that apply another filter or a test to every item: map, select, reject and their attributes. Pure. */
final class Selections {
    private Selections() {}

    static List<?> apply(String name, @Nullable Object value, Arguments arguments, Scope scope) {
        List<?> items = Values.isTrue(value) ? Values.items(value) : List.of(); // none is empty here, as in Jinja2
        List<@Nullable Object> kept = new ArrayList<>();
        if (name.equals("map")) {
            for (Object item : items) {
                scope.limits().step(0);
                kept.add(mapped(item, arguments, scope));
            }
            return kept;
        }
        boolean wanted = name.startsWith("select");
        int place = name.endsWith("attr") ? 1 : 0;
        Tests.Test test = arguments.places().size() > place
                ? Tests.find(arguments.text(place, "", ""))
                : (v, a, s) -> Values.isTrue(v);
        Arguments rest = rest(arguments, place + 1);
        for (Object item : items) {
            scope.limits().step(0);
            Object tested = place == 0 ? item : attribute(item, arguments.text(0, "", ""));
            if (test.passes(tested, rest, scope) == wanted) {
                kept.add(item);
            }
        }
        return kept;
    }

    private static @Nullable Object mapped(@Nullable Object item, Arguments arguments, Scope scope) {
        if (arguments.places().isEmpty()) {
            arguments.of("map", "", "attribute", "default");
            Object found = attribute(item, arguments.text(1, "attribute", ""));
            return found instanceof Undefined && arguments.has(2, "default")
                    ? arguments.get(2, "default", null)
                    : found;
        }
        return Filters.find(arguments.text(0, "", "")).apply(item, rest(arguments, 1), scope);
    }

    private static Arguments rest(Arguments arguments, int from) {
        List<@Nullable Object> places = arguments.places();
        return new Arguments(
                places.subList(Math.min(from, places.size()), places.size()), Map.copyOf(arguments.names()));
    }

    /** An attribute of an attribute where {@code path} has dots. */
    static @Nullable Object attribute(@Nullable Object item, String path) {
        @Nullable Object found = item;
        for (String part : path.split("\\.", -1)) {
            found = Access.item(found, part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : part);
        }
        return found;
    }
}
