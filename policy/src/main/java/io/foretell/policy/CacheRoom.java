package io.foretell.policy;

/**
 * Layout of the KV cache: rows with their own columns, and prompts that rows share.
 *
 * @param rows maximum continuations at a time (S)
 * @param columns tokens of one continuation (C), including its prompt unless that is shared
 * @param prompts maximum shared prompts at a time (P)
 * @param promptColumns tokens of one shared prompt (L)
 */
record CacheRoom(int rows, int columns, int prompts, int promptColumns) {
    static final CacheRoom NONE = new CacheRoom(0, 0, 0, 0);

    /** Tokens that this layout holds. */
    long tokens() {
        return (long) rows * columns + (long) prompts * promptColumns;
    }

    /** The smallest layout for this and {@code generation}. */
    CacheRoom and(RunningRequest generation) {
        return new CacheRoom(
                rows + generation.count(),
                Math.max(columns, generation.columns()),
                prompts + (generation.shares() ? 1 : 0),
                Math.max(promptColumns, generation.promptColumns()));
    }

    boolean holds(CacheRoom other) {
        return rows >= other.rows
                && columns >= other.columns
                && prompts >= other.prompts
                && promptColumns >= other.promptColumns;
    }
}
