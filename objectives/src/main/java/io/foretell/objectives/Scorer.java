package io.foretell.objectives;

import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Verdict;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * What an objective may query to reward a group. Answers are asynchronous, so one batch can answer the questions of
 * many groups. Implementations are confined to the thread that calls {@link Objective#reward}.
 */
public interface Scorer {
    /**
     * Log-probabilities in nats of {@code continuation} after {@code context} (teacher forced, temperature 1).
     *
     * @return one value per token of {@code continuation}
     */
    CompletionStage<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray continuation);

    /**
     * A judge's verdict on {@code material}, for roles whose only placeholder is {@code text}.
     *
     * @param role the judge's role, as named in its prompt file
     */
    CompletionStage<Verdict> judge(String role, String material);

    /**
     * A judge's verdict on several materials.
     *
     * @param role the judge's role, as named in its prompt file
     * @param material a text for every placeholder of the role's prompt, such as {@code context}, {@code first} and
     *     {@code second}
     */
    default CompletionStage<Verdict> judge(String role, Map<String, String> material) {
        throw new IllegalStateException("this scorer has no judge for role '" + role + "'");
    }
}
