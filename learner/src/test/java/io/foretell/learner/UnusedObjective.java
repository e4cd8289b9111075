package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.Cut;
import io.foretell.objectives.Document;
import io.foretell.objectives.Experience;
import io.foretell.objectives.Objective;
import io.foretell.objectives.Reward;
import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.SamplingPlan;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.Scorer;
import io.foretell.objectives.Task;
import io.foretell.objectives.TokenArray;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/** An objective of which a test uses the default methods, or its own of them, only. */
interface UnusedObjective extends Objective {
    @Override
    default String name() {
        return "unused";
    }

    @Override
    default List<Cut> cut(Document document, TokenArray tokens, RandomGenerator random) {
        throw new UnsupportedOperationException();
    }

    @Override
    default Optional<SamplingPlan> sampling(Task task) {
        throw new UnsupportedOperationException();
    }

    @Override
    default CompletionStage<List<Reward>> reward(RolloutGroup group, Scorer scorer) {
        throw new UnsupportedOperationException();
    }

    @Override
    default List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        throw new UnsupportedOperationException();
    }
}
