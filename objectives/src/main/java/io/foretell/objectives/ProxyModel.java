package io.foretell.objectives;

import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;

/**
 * A fixed model beside the policy that an objective asks while it cuts documents, such as which tokens are hard to
 * foretell. The same text always has the same answer. Implementations are thread-safe.
 */
public interface ProxyModel {
    /**
     * How open each token of {@code text} is: the entropy in nats of its distribution after the tokens before it, over
     * the {@code top} most likely ones as if there were no others.
     *
     * @return (T), 0 to ln {@code top}; entry 0 is 0, because the first token follows nothing
     */
    FloatArray entropies(TokenArray text, int top);
}
