package io.foretell.chat;

import org.jspecify.annotations.Nullable;

/** What the filter {@code safe} makes: a text that escapes the HTML of others when {@code +} joins it to them. */
record Markup(String text) {
    static String escaped(@Nullable Object value) {
        if (value instanceof Markup markup) {
            return markup.text();
        }
        return PythonText.of(value)
                .replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }
}
