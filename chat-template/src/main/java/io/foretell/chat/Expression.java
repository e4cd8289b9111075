package io.foretell.chat;

import org.jspecify.annotations.Nullable;

/**
 * What has a value: null (none), Boolean, Long, Double, String, List, {@link Tuple}, Map, {@link Undefined}, {@link
 * Namespace}, {@link Markup} or {@link Function}. Immutable.
 */
@FunctionalInterface
interface Expression {
    @Nullable
    Object evaluate(Scope scope);
}
