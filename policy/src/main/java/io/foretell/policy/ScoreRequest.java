package io.foretell.policy;

import io.foretell.domain.TokenArray;
import io.foretell.huggingface.PolicyException;

/** Asks for the log-probability of each token of {@code continuation} after {@code context} (at least one token). */
public record ScoreRequest(TokenArray context, TokenArray continuation) {
    public ScoreRequest {
        if (context.isEmpty() || continuation.isEmpty()) {
            throw new PolicyException("scoring needs at least one token of context and one of continuation");
        }
    }

    int length() {
        return context.length() + continuation.length() - 1;
    }
}
