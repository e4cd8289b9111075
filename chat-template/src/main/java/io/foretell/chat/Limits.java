package io.foretell.chat;

import java.time.Duration;

/** How much one rendering may do. Confined to one rendering. */
final class Limits {
    static final int MOST_CHARACTERS = 4 << 20;
    static final int MOST_ITEMS = 100_000;
    private static final int MOST_STEPS = 5_000_000;
    private static final int DEEPEST_CALL = 64;
    private static final int STEPS_PER_LOOK = 1024;
    private static final Duration LONGEST = Duration.ofSeconds(2);

    private final long start = System.nanoTime();
    private int steps;
    private int depth;

    /** Counts a statement, a round of a loop, or {@code work} characters touched. */
    void step(long work) {
        steps += 1 + (int) Math.min(work / STEPS_PER_LOOK, MOST_STEPS);
        boolean late = steps % STEPS_PER_LOOK == 0 && System.nanoTime() - start > LONGEST.toNanos();
        if (steps > MOST_STEPS || late) {
            throw new ChatTemplateException("the chat template does not come to an end with these messages");
        }
    }

    /** Refuses a text of {@code length} characters where that is too many. */
    String text(String text) {
        text((long) text.length());
        return text;
    }

    void text(long length) {
        step(length);
        if (length > MOST_CHARACTERS) {
            throw new ChatTemplateException("the chat template makes a text of more than " + MOST_CHARACTERS
                    + " characters out of these messages");
        }
    }

    void items(long count) {
        step(0);
        if (count > MOST_ITEMS) {
            throw new ChatTemplateException("the chat template makes a list of more than " + MOST_ITEMS + " items");
        }
    }

    void enter() {
        if (++depth > DEEPEST_CALL) {
            throw new ChatTemplateException(
                    "the chat template's macros call each other more than " + DEEPEST_CALL + " deep");
        }
    }

    void leave() {
        depth--;
    }
}
