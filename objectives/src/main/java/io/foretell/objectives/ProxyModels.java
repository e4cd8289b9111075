package io.foretell.objectives;

import io.foretell.domain.Tokenizer;

/** Where objectives have their {@link ProxyModel}s from. Implementations are thread-safe. */
public interface ProxyModels {
    /** There are none. */
    ProxyModels NONE = (folder, tokenizer) -> {
        throw new IllegalArgumentException("there is no proxy model " + folder + ": none can be opened here");
    };

    /**
     * The model in {@code folder}, which is read when it is first asked.
     *
     * @param folder a Hugging Face folder
     * @param tokenizer whose tokens the model will be asked about
     * @throws RuntimeException with a sentence for the user, when there is no model or its vocabulary is another
     */
    ProxyModel open(String folder, Tokenizer tokenizer);
}
