package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.Experience;
import io.foretell.objectives.LossAggregation;
import io.foretell.objectives.Objective;
import io.foretell.objectives.Preference;
import io.foretell.objectives.ScoredGroup;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
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

    static MiniBatch of(
            Objective objective, List<ScoredGroup> groups, AdvantageEstimator estimator, LearnerSettings settings) {
        List<Experience> experiences = new ArrayList<>();
        List<String> origins = new ArrayList<>();
        for (ScoredGroup group : groups) {
            for (Experience experience : objective.experiences(group, estimator)) {
                if (experience.lossMask().sum() > 0
                        || hasNextTokenTerm(experience)
                        || experience.preference() != null) {
                    experiences.add(experience);
                    origins.add(group.id());
                }
            }
        }
        return new MiniBatch(
                experiences,
                origins,
                experiences.isEmpty() ? List.of() : settings.weights(experiences),
                LossAggregation.nextTokenWeights(experiences),
                LossAggregation.pairWeight(experiences),
                new double[experiences.size()][]);
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
        ToLongFunction<List<Integer>> width = unit -> unit.stream()
                .mapToInt(i -> experiences.get(i).tokens().length())
                .max()
                .orElse(0);
        List<List<Integer>> units = inseparable();
        units.sort(Comparator.comparingLong(width));
        List<List<Integer>> batches = new ArrayList<>();
        List<Integer> batch = new ArrayList<>();
        for (List<Integer> unit : units) {
            long tokens = (batch.size() + unit.size()) * width.applyAsLong(unit);
            if (!batch.isEmpty() && tokens > maxTokens) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.addAll(unit);
        }
        batches.add(batch);
        return batches;
    }

    /** Sequences by themselves, and both sides of each pair. */
    private List<List<Integer>> inseparable() {
        Map<Object, List<Integer>> units = new LinkedHashMap<>();
        for (int i = 0; i < experiences.size(); i++) {
            Preference preference = experiences.get(i).preference();
            units.computeIfAbsent(preference == null ? i : preference.pair(), unused -> new ArrayList<>())
                    .add(i);
        }
        return new ArrayList<>(units.values());
    }
}
