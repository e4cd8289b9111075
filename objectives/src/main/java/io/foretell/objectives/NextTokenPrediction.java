package io.foretell.objectives;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/**
 * NTP, plain next-token prediction: continued pretraining, the warm-up of every other method and its control.
 *
 * <pre>L = -(1/N) sum_t log p_theta(x_t | x_&lt;t)      N = tokens of the whole optimizer step</pre>
 *
 * <p>A document longer than {@code max_prompt_length + 1} tokens becomes several tasks without overlap, except that
 * each chunk starts with the last token of the one before, so that every token but the first is predicted once.
 */
public final class NextTokenPrediction implements Objective {
    public static final String NAME = "ntp";

    private final int maxLength;

    public NextTokenPrediction(ObjectiveSettings settings) {
        new Options(NAME, settings.options()).refuseUnknown();
        this.maxLength = settings.maxPromptLength() + 1;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<Cut> cut(TokenArray document, RandomGenerator random) {
        List<Cut> cuts = new ArrayList<>();
        for (int from = 0; from + 1 < document.length(); from += maxLength - 1) {
            TokenArray chunk = document.slice(from, Math.min(document.length(), from + maxLength));
            cuts.add(new Cut(TokenArray.EMPTY, chunk));
        }
        return cuts;
    }

    @Override
    public Optional<SamplingPlan> sampling(Task task) {
        return Optional.empty();
    }

    @Override
    public CompletionStage<List<Reward>> reward(RolloutGroup group, Scorer scorer) {
        return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        return List.of(Experience.nextToken(group.task().target(), 1f));
    }
}
