package io.foretell.chat;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a call passes, by place and by name. Immutable once made. */
record Arguments(List<@Nullable Object> places, Map<String, @Nullable Object> names) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** Refuses more arguments than {@code parameters} and names that are none of them. */
    Arguments of(String callee, String... parameters) {
        List<String> known = List.of(parameters);
        if (places.size() > known.size()) {
            throw ChatTemplateException.unsupported(callee + " with " + places.size() + " arguments");
        }
        for (String name : names.keySet()) {
            int place = known.indexOf(name);
            if (place < 0 || place < places.size()) {
                throw ChatTemplateException.unsupported("the argument '" + name + "' of " + callee);
            }
        }
        return this;
    }

    boolean has(int place, String name) {
        return place < places.size() || names.containsKey(name);
    }

    @Nullable
    Object get(int place, String name, @Nullable Object otherwise) {
        if (place < places.size()) {
            return places.get(place);
        }
        return names.containsKey(name) ? names.get(name) : otherwise;
    }

    String text(int place, String name, String otherwise) {
        Object value = get(place, name, otherwise);
        if (value instanceof String text) {
            return text;
        }
        throw new ChatTemplateException("the chat template passes " + Values.kind(value) + " where a text is needed");
    }

    int number(int place, String name, int otherwise) {
        Object value = get(place, name, (long) otherwise);
        if (value instanceof Long number && Math.abs(number) <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw new ChatTemplateException("the chat template passes " + Values.kind(value) + " where a number is needed");
    }

    boolean flag(int place, String name) {
        return Values.isTrue(get(place, name, false));
    }
}
