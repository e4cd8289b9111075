package io.foretell.judge;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A conversation to answer.
 *
 * @param temperature 0 always takes the most likely token
 * @param seed sampling seed; used only above temperature 0
 * @param deadline deadline of one answer
 */
public record JudgeRequest(
        List<Message> messages, float temperature, float topP, int maxTokens, long seed, Duration deadline) {
    private static final int CHARACTERS_PER_TOKEN = 3;
    private static final int TOKENS_PER_MESSAGE = 8;

    /** @param role user or assistant */
    public record Message(String role, String content) {}

    public JudgeRequest {
        messages = List.copyOf(messages);
    }

    /** The conversation, extended by the judge's answer and our reply. */
    JudgeRequest followedBy(String answer, String reply) {
        List<Message> more = new ArrayList<>(messages);
        more.add(new Message("assistant", answer));
        more.add(new Message("user", reply));
        return new JudgeRequest(more, temperature, topP, maxTokens, seed, deadline);
    }

    /** A conservative estimate of the conversation's tokens: three characters each, and some per message. */
    long estimatedPromptTokens() {
        long characters = messages.stream().mapToLong(m -> m.content().length()).sum();
        return characters / CHARACTERS_PER_TOKEN + (long) TOKENS_PER_MESSAGE * messages.size();
    }

    /** Estimated maximum tokens of the call. */
    long estimatedTokens() {
        return estimatedPromptTokens() + maxTokens;
    }
}
