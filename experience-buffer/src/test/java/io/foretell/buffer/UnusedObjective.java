package io.foretell.buffer;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveDescription;
import io.foretell.objectives.Scorer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/** An objective of which a test uses the default methods, or its own of them, only. */
public interface UnusedObjective extends Objective {
    @Override
    default ObjectiveDescription description() {
        return new ObjectiveDescription("unused", "", "", List.of());
    }

    @Override
    default List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        throw new UnsupportedOperationException();
    }

    @Override
    default Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        throw new UnsupportedOperationException();
    }

    @Override
    default CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        throw new UnsupportedOperationException();
    }

    @Override
    default List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        throw new UnsupportedOperationException();
    }
}
