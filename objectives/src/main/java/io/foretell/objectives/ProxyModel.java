package io.foretell.objectives;

import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;

/**
 * A fixed model, separate from the policy, that an objective queries while it cuts documents, for example for the
 * tokens that are hard to predict. Deterministic. Implementations are thread-safe.
 */
public interface ProxyModel {
    /**
     * The entropy in nats of the model's prediction of each token of {@code text}, over the {@code top} most likely
     * tokens, renormalised.
     *
     * @return (T), 0 to ln {@code top}; entry 0 is 0, because the first token follows nothing
     */
    FloatArray entropies(TokenArray text, int top);
}
