package io.foretell.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The filter {@code tojson} as transformers defines it: {@code json.dumps(value, ensure_ascii=False)}, with spaces after
 * commas and colons. Used once, by one thread.
 */
final class JsonText {
    private static final String SPECIAL = "\"\\\n\r\t\b\f";
    private static final String LETTERS = "\"\\nrtbf";

    private final StringBuilder text = new StringBuilder();
    private final @Nullable String indent;
    private final String comma;
    private final String colon;
    private final boolean sorted;
    private final Limits limits;

    JsonText(@Nullable String indent, String comma, String colon, boolean sorted, Limits limits) {
        this.indent = indent;
        this.comma = comma;
        this.colon = colon;
        this.sorted = sorted;
        this.limits = limits;
    }

    String of(@Nullable Object value) {
        write(value, 1);
        return limits.text(text.toString());
    }

    private void write(@Nullable Object value, int depth) {
        if (value == null || value instanceof Boolean || value instanceof Long) {
            text.append(value);
        } else if (value instanceof Double number) {
            String written = PythonText.decimal(number);
            text.append(written.equals("nan") ? "NaN" : written.replace("inf", "Infinity"));
        } else if (value instanceof String string) {
            string(string);
        } else if (value instanceof Markup markup) {
            string(markup.text());
        } else if (value instanceof List<?> list) {
            text.append('[');
            for (int i = 0; i < list.size(); i++) {
                between(i, depth);
                write(list.get(i), depth + 1);
            }
            close(list.isEmpty(), depth, ']');
        } else if (value instanceof Map<?, ?> map) {
            object(map, depth);
        } else {
            throw new ChatTemplateException("the chat template writes " + Values.kind(value) + " as JSON");
        }
    }

    private void object(Map<?, ?> map, int depth) {
        text.append('{');
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sorted) {
            entries.sort(Comparator.comparing(Map.Entry::getKey, Values::compare));
        }
        for (int i = 0; i < entries.size(); i++) {
            between(i, depth);
            if (!(entries.get(i).getKey() instanceof String name)) {
                throw ChatTemplateException.unsupported("JSON with keys that are no texts");
            }
            string(name);
            text.append(colon);
            write(entries.get(i).getValue(), depth + 1);
        }
        close(entries.isEmpty(), depth, '}');
    }

    private void between(int index, int depth) {
        text.append(index > 0 ? comma : "");
        newline(depth);
        limits.text((long) text.length());
    }

    private void close(boolean empty, int depth, char bracket) {
        if (!empty) {
            newline(depth - 1);
        }
        text.append(bracket);
    }

    private void newline(int depth) {
        if (indent != null) {
            text.append('\n').append(indent.repeat(depth));
        }
    }

    private void string(String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            int special = SPECIAL.indexOf(c);
            if (special >= 0) {
                text.append('\\').append(LETTERS.charAt(special));
            } else if (c < ' ') {
                text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
