package io.foretell.policy;

/**
 * How much memory for keys and values is laid out: rows with columns of their own, and prompts that rows share.
 *
 * @param rows continuations at a time (S)
 * @param columns tokens of one continuation (C), its prompt included where that is not shared
 * @param prompts shared prompts at a time (P)
 * @param promptColumns tokens of one shared prompt (L)
 */
record CacheRoom(int rows, int columns, int prompts, int promptColumns) {
    static final CacheRoom NONE = new CacheRoom(0, 0, 0, 0);

    /** Tokens that the room is for. */
    long tokens() {
        return (long) rows * columns + (long) prompts * promptColumns;
    }

    /** The least room for this and for {@code generation}. */
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
