package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.Preference;
import io.foretell.huggingface.PolicyException;
import io.foretell.losses.DirectPreference;
import io.foretell.policy.TrainingRows.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The pairs of a micro-batch and their losses by {@link DirectPreference}. If both sides are the same text, their
 * gradient is exactly zero, without float noise. Immutable by convention.
 */
final class Pairs {
    static final Pairs NONE = new Pairs(List.of(), List.of(), List.of(), List.of());

    private final List<int[]> places; // places of the chosen and the rejected experience
    private final List<int[]> chosen; // rows whose probability is raised
    private final List<int[]> rejected; // rows whose probability is lowered
    private final List<DirectPreference.Cost> costs;

    private Pairs(List<int[]> places, List<int[]> chosen, List<int[]> rejected, List<DirectPreference.Cost> costs) {
        this.places = places;
        this.chosen = chosen;
        this.rejected = rejected;
        this.costs = costs;
    }

    /**
     * Finds the pairs in {@code batch}.
     *
     * @param found log-probabilities of the rows under the policy; may be longer
     * @param reference the same under the reference
     * @throws PolicyException if one side of a pair is missing
     */
    static Pairs of(List<Experience> batch, TrainingRows rows, float[] found, float[] reference) {
        Map<String, int[]> sides = new LinkedHashMap<>(); // places of the chosen and the rejected one
        for (int b = 0; b < batch.size(); b++) {
            Preference preference = batch.get(b).preference();
            if (preference != null) {
                sides.computeIfAbsent(preference.pair(), unused -> new int[] {-1, -1})[preference.isChosen() ? 0 : 1] =
                        b;
            }
        }
        Pairs pairs = new Pairs(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        sides.forEach((name, places) -> {
            if (places[0] < 0 || places[1] < 0) {
                throw new PolicyException("pair " + name + " has only one side in its micro-batch");
            }
            int[] chosen = rows.of(Kind.PREFERENCE, places[0]);
            int[] rejected = rows.of(Kind.PREFERENCE, places[1]);
            boolean isSame =
                    batch.get(places[0]).tokens().equals(batch.get(places[1]).tokens());
            pairs.places.add(places);
            pairs.chosen.add(isSame ? new int[0] : chosen);
            pairs.rejected.add(isSame ? new int[0] : rejected);
            pairs.costs.add(DirectPreference.of(
                    batch.get(places[0]).preference().beta(),
                    sum(found, chosen),
                    sum(reference, chosen),
                    sum(found, rejected),
                    sum(reference, rejected)));
        });
        return pairs;
    }

    private static double sum(float[] values, int[] rows) {
        double sum = 0;
        for (int row : rows) {
            sum += values[row];
        }
        return sum;
    }

    /**
     * Writes the loss's derivatives to the rows of the pairs.
     *
     * @param weight weight of each pair
     * @param byLogProb (R) output: derivatives per row
     * @param losses output: loss per experience; each side gets half of its pair's loss
     * @return sum of weight L
     */
    double backward(double weight, float[] byLogProb, double[] losses) {
        double loss = 0;
        for (int p = 0; p < costs.size(); p++) {
            double own = weight * costs.get(p).loss();
            loss += own;
            losses[places.get(p)[0]] += own / 2;
            losses[places.get(p)[1]] += own / 2;
            for (int row : chosen.get(p)) {
                byLogProb[row] = (float) (weight * costs.get(p).byChosen());
            }
            for (int row : rejected.get(p)) {
                byLogProb[row] = (float) (weight * costs.get(p).byRejected());
            }
        }
        return loss;
    }

    List<DirectPreference.Cost> costs() {
        return List.copyOf(costs);
    }
}
