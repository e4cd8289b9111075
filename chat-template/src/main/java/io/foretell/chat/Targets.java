package io.foretell.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The variables that a loop or an assignment fills.
 *
 * @param several whether a value is taken apart
 */
record Targets(List<String> names, boolean several) {
    void assign(Scope scope, @Nullable Object value) {
        if (!several) {
            scope.set(names.get(0), value);
            return;
        }
        List<?> parts = Values.items(value);
        if (parts.size() != names.size()) {
            throw new ChatTemplateException(
                    "the chat template takes " + parts.size() + " values apart into " + names.size() + " variables");
        }
        for (int i = 0; i < names.size(); i++) {
            scope.set(names.get(i), parts.get(i));
        }
    }
}
