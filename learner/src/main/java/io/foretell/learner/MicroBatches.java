package io.foretell.learner;

import io.foretell.objectives.Experience;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** How a batch of sequences is split for the model. Pure functions. */
final class MicroBatches {
    private MicroBatches() {}

    /**
     * Indexes of {@code experiences}, sequences of similar length together.
     *
     * @param maxTokens padded tokens of each micro-batch, unless a single sequence has more
     */
    static List<List<Integer>> of(List<Experience> experiences, int maxTokens) {
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, experiences.size()).boxed().toList());
        order.sort(Comparator.comparingInt(i -> experiences.get(i).tokens().length()));
        List<List<Integer>> batches = new ArrayList<>();
        List<Integer> batch = new ArrayList<>();
        for (int index : order) {
            long width = experiences.get(index).tokens().length();
            if (!batch.isEmpty() && (batch.size() + 1) * width > maxTokens) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(index);
        }
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        return batches;
    }
}
