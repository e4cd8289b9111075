package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.PolicyException;
import java.util.List;

/**
 * Rejects tokens outside the model's vocabulary: on an accelerator, a token without an embedding row would crash the
 * process. Immutable.
 */
final class KnownTokens {
    private final int vocabularySize;

    KnownTokens(int vocabularySize) {
        this.vocabularySize = vocabularySize;
    }

    void require(List<Experience> batch) {
        for (Experience experience : batch) {
            require(experience.tokens());
            require(experience.forbiddenFirst());
            experience.textLoss().auxiliaryTokens().forEach(this::require);
        }
    }

    void require(TokenArray tokens) {
        for (int t = 0; t < tokens.length(); t++) {
            if (tokens.at(t) < 0 || tokens.at(t) >= vocabularySize) {
                throw unknown(tokens.at(t));
            }
        }
    }

    /** @param token a token or -1 for none */
    void require(int token) {
        if (token < -1 || token >= vocabularySize) {
            throw unknown(token);
        }
    }

    private PolicyException unknown(int token) {
        return new PolicyException(
                "token " + token + " is not in the model's vocabulary of " + vocabularySize + " tokens");
    }
}
