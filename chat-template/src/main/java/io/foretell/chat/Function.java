package io.foretell.chat;

import org.jspecify.annotations.Nullable;

/** What can be called: a macro, a method or a global function. Immutable. */
@FunctionalInterface
interface Function {
    @Nullable
    Object call(Arguments arguments, Scope scope);
}
