package io.foretell.rollout;

import io.foretell.chat.ChatTemplate;
import io.foretell.chat.ChatTemplateException;
import io.foretell.policy.EndTokens;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.ModelConfig;
import io.foretell.policy.PolicyException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * What requests need to know of the model, which is the same for all its versions. Thread-safe.
 *
 * @param contextLength most tokens of a prompt and its continuation together
 * @param endTokens those that end an answer
 */
public record ServedModel(
        HuggingFaceTokenizer tokenizer, int contextLength, List<Integer> endTokens, Optional<ChatTemplate> template) {
    public ServedModel {
        endTokens = List.copyOf(endTokens);
    }

    /**
     * Reads a Hugging Face folder; the tokenizer stays the caller's.
     *
     * @throws PolicyException when a file of the folder is damaged
     */
    public static ServedModel read(Path folder, HuggingFaceTokenizer tokenizer, InstantSource clock) {
        try {
            return new ServedModel(
                    tokenizer,
                    ModelConfig.read(folder).maxPositions(),
                    EndTokens.of(folder, tokenizer),
                    ChatTemplate.find(folder, clock));
        } catch (ChatTemplateException e) {
            throw new PolicyException(e.getMessage(), e);
        }
    }
}
