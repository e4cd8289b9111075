package io.foretell.objectives;

import io.foretell.domain.Example;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.TokenArray;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An objective that trains on text directly. It samples nothing and rewards nothing. */
public interface TextObjective extends Objective {
    @Override
    default boolean isSampled() {
        return false;
    }

    @Override
    default Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        return Optional.empty();
    }

    @Override
    default CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        return CompletableFuture.completedFuture(List.of());
    }
}
