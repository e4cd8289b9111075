package io.foretell.objectives;

import java.util.concurrent.CompletionStage;

/**
 * What an objective may ask in order to reward a group. Answers come later, so that questions of many groups can be
 * answered in one batch. Implementations are confined to the thread that calls {@link Objective#reward}.
 */
public interface Scorer {
    /**
     * Log-probabilities in nats of {@code continuation} after {@code context} (teacher forced, temperature 1).
     *
     * @return one value per token of {@code continuation}
     */
    CompletionStage<FloatArray> logProbs(Weights weights, TokenArray context, TokenArray continuation);

    /**
     * A judge's verdict on {@code material}.
     *
     * @param role which judge, as named in the configuration
     */
    CompletionStage<Verdict> judge(String role, String material);
}
