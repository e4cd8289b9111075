package io.foretell.domain;

import java.util.List;

/** What the next-token term costs at one token of a text, before its coefficient. Implementations are pure. */
public interface TextLoss {
    /** -log p(x_t | x_&lt;t). */
    TextLoss LIKELIHOOD = (t, logProbs) -> new Cost(-logProbs[0], -1);

    /**
     * @param value the term
     * @param byLogProb its derivative by each of the log-probabilities it was given
     */
    record Cost(double value, double... byLogProb) {}

    /**
     * The term at token {@code t} of the sequence.
     *
     * @param logProbs after the tokens before t: of token t itself, then of each of {@link #auxiliaryTokens()}
     */
    Cost cost(int t, double... logProbs);

    /** Tokens whose log-probability it needs at every place, beside that of the text's own. */
    default List<Integer> auxiliaryTokens() {
        return List.of();
    }
}
