package io.foretell.learner;

import io.foretell.domain.Experience;
import io.foretell.domain.Preference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** How a batch of sequences is split for the model. Pure functions. */
final class MicroBatches {
    private MicroBatches() {}

    /**
     * Indexes of {@code experiences}, sequences of similar length together and both sides of a pair in one micro-batch.
     *
     * @param maxTokens padded tokens of each micro-batch, unless a single sequence or pair has more
     */
    static List<List<Integer>> split(List<Experience> experiences, int maxTokens) {
        ToLongFunction<List<Integer>> width = unit -> unit.stream()
                .mapToInt(i -> experiences.get(i).tokens().length())
                .max()
                .orElse(0);
        List<List<Integer>> units = inseparable(experiences);
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
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        return batches;
    }

    /** Sequences by themselves, and both sides of each pair. */
    private static List<List<Integer>> inseparable(List<Experience> experiences) {
        Map<Object, List<Integer>> units = new LinkedHashMap<>();
        for (int i = 0; i < experiences.size(); i++) {
            Preference preference = experiences.get(i).preference();
            units.computeIfAbsent(preference == null ? i : preference.pair(), unused -> new ArrayList<>())
                    .add(i);
        }
        return new ArrayList<>(units.values());
    }
}
