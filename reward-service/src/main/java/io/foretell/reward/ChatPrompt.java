package io.foretell.reward;

import io.foretell.judge.JudgeRequest;
import java.util.List;

/** How a conversation becomes the text of a prompt, ending where the answer begins. Thread-safe. */
@FunctionalInterface
public interface ChatPrompt {
    /** @throws RuntimeException when the conversation is refused */
    String of(List<JudgeRequest.Message> messages);
}
