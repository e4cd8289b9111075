package io.foretell.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Attributes, items and slices of values. Pure functions. */
final class Access {
    private Access() {}

    /** {@code target.name}: a method, else an item. */
    static @Nullable Object attribute(@Nullable Object target, String name) {
        if (target instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (target instanceof Namespace namespace) {
            return namespace.get(name);
        }
        Function method = Methods.find(target, name);
        if (method != null) {
            return method;
        }
        return target instanceof Map<?, ?> map && map.containsKey(name) ? map.get(name) : missing(name);
    }

    /** {@code target[key]}: an item, else a method. */
    static @Nullable Object item(@Nullable Object target, @Nullable Object key) {
        if (target instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (target instanceof Map<?, ?> map && map.containsKey(key)) {
            return map.get(key);
        }
        if (key instanceof String name) {
            Function method = Methods.find(target, name);
            return method == null ? missing(name) : method;
        }
        if (key instanceof Long place && (target instanceof List || target instanceof String)) {
            List<?> items = Values.items(target);
            long index = place < 0 ? place + items.size() : place;
            return index >= 0 && index < items.size() ? items.get((int) index) : missing("item " + place);
        }
        return missing(PythonText.repr(key));
    }

    private static Undefined missing(String name) {
        return new Undefined("'" + name + "'");
    }

    /** {@code target[from:to:step]} as Python cuts it. */
    static Object slice(@Nullable Object target, @Nullable Object from, @Nullable Object to, @Nullable Object by) {
        if (!(target instanceof List || target instanceof String)) {
            throw new ChatTemplateException("the chat template cuts a part out of " + Values.kind(target));
        }
        List<?> items = Values.items(target);
        long size = items.size();
        long step = by == null ? 1 : Values.number(by).longValue();
        if (step == 0) {
            throw new ChatTemplateException("the chat template cuts a list in steps of 0");
        }
        long first = step > 0 ? bound(from, 0, size, 0, size) : bound(from, size - 1, size, -1, size - 1);
        long last = step > 0 ? bound(to, size, size, 0, size) : bound(to, -1, size, -1, size - 1);
        List<@Nullable Object> part = new ArrayList<>();
        for (long i = first; step > 0 ? i < last : i > last; i += step) {
            part.add(items.get((int) i));
        }
        if (target instanceof String) {
            return part.stream().map(String::valueOf).collect(Collectors.joining());
        }
        return target instanceof Tuple ? new Tuple(part) : part;
    }

    private static long bound(@Nullable Object given, long otherwise, long size, long least, long most) {
        if (given == null) {
            return otherwise;
        }
        long place = Values.number(given).longValue();
        return Math.max(least, Math.min(most, place < 0 ? place + size : place));
    }
}
