package io.foretell.domain;

/**
 * What an objective cuts from a document: the prompt the model sees, and the text that really follows.
 *
 * @param prompt tokens before the cut; empty when the whole text is the target (next-token prediction)
 * @param target tokens after the cut that are scored or trained on, at least one
 */
public record Example(TokenArray prompt, TokenArray target) {
    public Example {
        if (target.isEmpty()) {
            throw new IllegalArgumentException("a cut needs at least one target token");
        }
    }
}
