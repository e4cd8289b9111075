package io.foretell.domain;

import java.util.List;

/** The next-token term at one token of a text, before its coefficient. Implementations are pure. */
public interface TextLoss {
    /** -log p(x_t | x_&lt;t). */
    TextLoss LIKELIHOOD = (t, logProbs) -> new Cost(-logProbs[0], -1);

    /**
     * @param value the term
     * @param byLogProb its derivatives with respect to the log-probabilities it was given
     */
    record Cost(double value, double... byLogProb) {}

    /**
     * The term at token {@code t} of the sequence.
     *
     * @param logProbs log-probabilities, given the tokens before t, of token t, then of each of {@link
     *     #auxiliaryTokens()}
     */
    Cost cost(int t, double... logProbs);

    /** Further tokens whose log-probability it needs at every position. */
    default List<Integer> auxiliaryTokens() {
        return List.of();
    }
}
