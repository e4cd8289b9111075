package io.foretell.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Methods of Python's texts, lists and mappings that templates may call. Pure functions. */
final class Methods {
    /* Methods of Python that are not here: refused, because without them an attribute would look undefined. */
    private static final Set<String> TEXT = Set.of(
            "capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill"
                    .split(" "));
    private static final Set<String> LIST =
            Set.of("append clear copy count extend index insert pop remove reverse sort".split(" "));
    private static final Set<String> MAP =
            Set.of("clear copy fromkeys get items keys pop popitem setdefault update values".split(" "));

    private Methods() {}

    /** The method {@code name} of {@code target}, or null where Python has none of that name. */
    static @Nullable Function find(@Nullable Object target, String name) {
        if (target instanceof String text && TEXT.contains(name)) {
            return TextMethods.find(text, name);
        }
        if (target instanceof Map<?, ?> map && MAP.contains(name)) {
            return ofMap(map, name);
        }
        if (target instanceof List<?> list && LIST.contains(name)) {
            return ofList(list, name);
        }
        if (target instanceof Markup) {
            throw ChatTemplateException.unsupported("the filter 'safe' before ." + name);
        }
        return null;
    }

    private static Function ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" ->
                (arguments, scope) -> {
                    Object key = arguments.of("get", "key", "default").get(0, "key", null);
                    return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
                };
            case "items" -> (arguments, scope) -> items(map);
            case "keys" -> (arguments, scope) -> new ArrayList<@Nullable Object>(map.keySet());
            case "values" -> (arguments, scope) -> new ArrayList<@Nullable Object>(map.values());
            default -> throw ChatTemplateException.unsupported("the method ." + name + "() of a mapping");
        };
    }

    static List<Tuple> items(Map<?, ?> map) {
        List<Tuple> items = new ArrayList<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            List<@Nullable Object> pair = new ArrayList<>();
            pair.add(entry.getKey());
            pair.add(entry.getValue());
            items.add(new Tuple(pair));
        }
        return items;
    }

    private static Function ofList(List<?> list, String name) {
        return switch (name) {
            case "count" ->
                (arguments, scope) -> {
                    Object wanted = arguments.of("count", "value").get(0, "value", null);
                    return list.stream()
                            .filter(item -> Values.equal(item, wanted))
                            .count();
                };
            case "index" ->
                (arguments, scope) -> {
                    Object wanted = arguments.of("index", "value").get(0, "value", null);
                    for (int i = 0; i < list.size(); i++) {
                        if (Values.equal(list.get(i), wanted)) {
                            return (long) i;
                        }
                    }
                    throw new ChatTemplateException("the chat template looks for an item that its list does not have");
                };
            default -> throw ChatTemplateException.unsupported("the method ." + name + "() of a list");
        };
    }
}
