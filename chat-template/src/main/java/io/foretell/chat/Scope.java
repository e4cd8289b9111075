package io.foretell.chat;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables of a template, a round of a loop or a call of a macro, and those around them. Confined to one rendering. */
final class Scope {
    private final Map<String, @Nullable Object> variables = new HashMap<>();
    private final @Nullable Scope around;
    private final Limits limits;

    Scope(Limits limits, Map<String, ? extends @Nullable Object> variables) {
        this.around = null;
        this.limits = limits;
        this.variables.putAll(variables);
    }

    private Scope(Scope around) {
        this.around = around;
        this.limits = around.limits;
    }

    Scope inner() {
        return new Scope(this);
    }

    @Nullable
    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.around) {
            if (scope.variables.containsKey(name)) {
                return scope.variables.get(name);
            }
        }
        return new Undefined("'" + name + "'");
    }

    void set(String name, @Nullable Object value) {
        variables.put(name, value);
    }

    Limits limits() {
        return limits;
    }
}
