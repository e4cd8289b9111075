package io.foretell.chat;

/** Text being written. Confined to one rendering. */
final class Output {
    private final StringBuilder text = new StringBuilder();
    private final Limits limits;

    Output(Limits limits) {
        this.limits = limits;
    }

    void write(String more) {
        limits.text((long) text.length() + more.length());
        text.append(more);
    }

    String text() {
        return text.toString();
    }
}
