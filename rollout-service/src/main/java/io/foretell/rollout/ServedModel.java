package io.foretell.rollout;

import io.foretell.huggingface.ChatTemplate;
import io.foretell.huggingface.ChatTemplateException;
import io.foretell.huggingface.EndTokens;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What requests need to know about the model, the same for all its versions. Thread-safe.
 *
 * @param contextLength maximum tokens of a prompt plus its continuation
 * @param endTokens tokens that end an answer
 */
public record ServedModel(
        HuggingFaceTokenizer tokenizer, int contextLength, List<Integer> endTokens, Optional<ChatTemplate> template) {
    private static final Logger LOG = LoggerFactory.getLogger(ServedModel.class);

    public ServedModel {
        endTokens = List.copyOf(endTokens);
    }

    /**
     * Reads a Hugging Face folder; the caller keeps ownership of the tokenizer. An unreadable chat template is logged.
     *
     * @throws PolicyException when a file of the folder is damaged
     */
    public static ServedModel read(Path folder, HuggingFaceTokenizer tokenizer, InstantSource clock) {
        try {
            Optional<ChatTemplate> template = ChatTemplate.find(folder, clock);
            template.flatMap(ChatTemplate::problem)
                    .ifPresent(problem -> LOG.warn("chats will be refused folder={} problem={}", folder, problem));
            return new ServedModel(
                    tokenizer, ModelConfig.read(folder).maxPositions(), EndTokens.read(folder, tokenizer), template);
        } catch (ChatTemplateException e) {
            throw new PolicyException(e.getMessage(), e);
        }
    }
}
