package io.foretell.chat;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed template. Immutable, thread-safe. */
final class Template {
    private static final int DEEPEST_VALUE = 100;

    private final Statement program;
    private final InstantSource clock;

    private Template(Statement program, InstantSource clock) {
        this.program = program;
        this.clock = clock;
    }

    /** @throws ChatTemplateException when it is damaged or uses what is not supported */
    static Template parse(String source, InstantSource clock) {
        return new Template(StatementParser.parse(source), clock);
    }

    String render(Map<String, ? extends @Nullable Object> variables) {
        Limits limits = new Limits();
        Map<String, @Nullable Object> all = new HashMap<>(Globals.of(clock));
        variables.forEach((name, value) -> all.put(name, plain(value, 0)));
        Output output = new Output(limits);
        try {
            program.render(new Scope(limits, all), output);
        } catch (StackOverflowError e) {
            throw new ChatTemplateException("the chat template is nested too deeply to render these messages");
        }
        return output.text();
    }

    /** The value in the types of {@link Expression}. */
    private static @Nullable Object plain(@Nullable Object value, int depth) {
        if (depth > DEEPEST_VALUE) {
            throw new ChatTemplateException("the messages are nested more than " + DEEPEST_VALUE + " deep");
        }
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        if (value instanceof Float number) {
            return (double) number;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.forEach(item -> items.add(plain(item, depth + 1)));
            return items;
        }
        if (value instanceof Map<?, ?> map) {
            Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>();
            map.forEach((key, item) -> copy.put(key, plain(item, depth + 1)));
            return copy;
        }
        if (value == null || value instanceof String || value instanceof Boolean || Values.isNumber(value)) {
            return value;
        }
        throw new ChatTemplateException("a number of more than 64 bits cannot be given to a chat template");
    }
}
