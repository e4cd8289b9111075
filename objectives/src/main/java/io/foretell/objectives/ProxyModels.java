package io.foretell.objectives;

import io.foretell.domain.Tokenizer;

/** Opens {@link ProxyModel}s. Implementations are thread-safe. */
public interface ProxyModels {
    /** No proxy models. */
    ProxyModels NONE = (folder, tokenizer) -> {
        throw new IllegalArgumentException("there is no proxy model " + folder + ": none can be opened here");
    };

    /**
     * The model in {@code folder}, loaded at its first use.
     *
     * @param folder a Hugging Face folder
     * @param tokenizer the tokenizer of the texts it will be given
     * @throws RuntimeException with a sentence for the user, if there is no model or its vocabulary differs
     */
    ProxyModel open(String folder, Tokenizer tokenizer);
}
