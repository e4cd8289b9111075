package io.foretell.chat;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables that loops may change: {@code namespace(a=1)}. Confined to one rendering. */
final class Namespace {
    private final Map<String, @Nullable Object> values = new HashMap<>();

    Namespace(Map<String, ? extends @Nullable Object> values) {
        this.values.putAll(values);
    }

    @Nullable
    Object get(String name) {
        return values.containsKey(name) ? values.get(name) : new Undefined("'" + name + "' of a namespace");
    }

    void set(String name, @Nullable Object value) {
        values.put(name, value);
    }
}
