package io.foretell.learner;

import io.foretell.domain.Experience;
import io.foretell.domain.ScoredGroup;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.LossAggregation;
import io.foretell.objectives.Objective;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The sequences of one optimizer step. Confined to the learner's thread.
 *
 * @param origins group of each
 * @param proximal log-probabilities of each under the weights that the step began with, once they are known
 */
record MiniBatch(
        List<Experience> experiences,
        List<String> origins,
        List<float[]> pgWeights,
        List<float[]> ceWeights,
        double pairWeight,
        double[][] proximal) {
    private static final int MOST_REPORTED = 4;

    /**
     * @param objectives whose experiences a group's are
     * @param staleWeight factor of a group's policy gradient
     */
    static MiniBatch of(
            Function<ScoredGroup, Objective> objectives,
            ToDoubleFunction<ScoredGroup> staleWeight,
            List<ScoredGroup> groups,
            AdvantageEstimator estimator,
            LossSettings settings) {
        List<Double> factors = new ArrayList<>();
        List<Experience> experiences = new ArrayList<>();
        List<String> origins = new ArrayList<>();
        for (ScoredGroup group : groups) {
            for (Experience experience : objectives.apply(group).experiences(group, estimator)) {
                if (experience.lossMask().sum() > 0
                        || hasNextTokenTerm(experience)
                        || experience.preference() != null) {
                    experiences.add(experience);
                    origins.add(group.id());
                    factors.add(staleWeight.applyAsDouble(group));
                }
            }
        }
        return new MiniBatch(
                experiences,
                origins,
                experiences.isEmpty() ? List.of() : scaled(settings.weights(experiences), factors),
                LossAggregation.nextTokenWeights(experiences),
                LossAggregation.pairWeight(experiences),
                new double[experiences.size()][]);
    }

    private static List<float[]> scaled(List<float[]> pgWeights, List<Double> factors) {
        for (int i = 0; i < pgWeights.size(); i++) {
            for (int t = 0; factors.get(i) != 1 && t < pgWeights.get(i).length; t++) {
                pgWeights.get(i)[t] *= factors.get(i).floatValue();
            }
        }
        return pgWeights;
    }

    private static boolean hasNextTokenTerm(Experience experience) {
        return IntStream.range(0, experience.ceWeights().length())
                .anyMatch(t -> experience.ceWeights().at(t) != 0);
    }

    List<Experience> experiences(List<Integer> chosen) {
        return chosen.stream().map(experiences::get).toList();
    }

    long tokens(List<Integer> chosen) {
        return chosen.stream()
                .mapToLong(i -> experiences.get(i).tokens().length())
                .sum();
    }

    /** Groups of the largest losses, those first that are no numbers. */
    List<String> worst(double[] losses) {
        return IntStream.range(0, losses.length)
                .boxed()
                .sorted(Comparator.comparingDouble(
                        i -> Double.isFinite(losses[i]) ? -losses[i] : Double.NEGATIVE_INFINITY))
                .map(origins::get)
                .distinct()
                .limit(MOST_REPORTED)
                .toList();
    }

    /** Sequences of similar length together, at most the token budget each, unless a single pair is over it. */
    List<List<Integer>> microBatches(int maxTokens) {
        return MicroBatches.split(experiences, maxTokens);
    }
}
