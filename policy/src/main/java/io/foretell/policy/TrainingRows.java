package io.foretell.policy;

import io.foretell.domain.Experience;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The flat arrays of one micro-batch. Row r predicts {@code targets[r]} from the tokens up to position {@code
 * rows[r]} of the padded sequences, concatenated. A token with several terms has one row per term, because each uses
 * a different distribution. The row of a next-token term is followed by the rows of the other tokens that the term
 * reads. Immutable by convention.
 */
final class TrainingRows {
    /** The term that a row belongs to. */
    enum Kind {
        POLICY_GRADIENT,
        NEXT_TOKEN,
        BESIDE,
        PREFERENCE
    }

    final int sequences;
    final int width;
    final int size;
    final long[] tokens; // (B, T)
    final long[] rows; // (R,)
    final long[] targets; // (R,)
    final float[] temperatures; // (R,)
    final long[] forbidden; // (R,)
    final Kind[] kinds; // (R,)
    final int[] places; // (R,) place of the row's token in its sequence
    final double[] weights; // (R,) weight of the row's loss; 0 for PREFERENCE, whose loss belongs to the pair
    final float[] advantages; // (R,)
    final float[] old; // (R,)
    final int[] starts; // (B+1,) first row of each experience

    TrainingRows(List<Experience> batch, List<float[]> pgWeights, List<float[]> ceWeights) {
        sequences = batch.size();
        // The last token of a sequence is only ever a target.
        width = batch.stream().mapToInt(e -> e.tokens().length()).max().orElseThrow() - 1;
        starts = new int[sequences + 1];
        for (int b = 0; b < sequences; b++) {
            starts[b + 1] = starts[b] + count(batch.get(b));
        }
        size = starts[sequences];
        tokens = new long[sequences * width];
        rows = new long[size];
        targets = new long[size];
        temperatures = new float[size];
        forbidden = new long[size];
        kinds = new Kind[size];
        places = new int[size];
        weights = new double[size];
        advantages = new float[size];
        old = new float[size];
        for (int b = 0; b < sequences; b++) {
            fill(batch.get(b), b, pgWeights.get(b), ceWeights.get(b));
        }
    }

    private void fill(Experience experience, int b, float[] pgWeights, float[] ceWeights) {
        int r = starts[b];
        int compared = comparedFrom(experience);
        boolean first = true;
        for (int t = 0; t < experience.tokens().length(); t++) {
            if (t < width) {
                tokens[b * width + t] = experience.tokens().at(t);
            }
            if (t == 0) {
                continue;
            }
            if (experience.lossMask().at(t) != 0) {
                place(r, b, t, experience.tokens().at(t), experience.temperature(), Kind.POLICY_GRADIENT);
                forbidden[r] = first ? experience.forbiddenFirst() : -1;
                weights[r] = pgWeights[t];
                advantages[r] = experience.advantages().at(t);
                old[r] = experience.oldLogProbs().at(t);
                first = false;
                r++;
            }
            if (experience.ceWeights().at(t) != 0) {
                place(r, b, t, experience.tokens().at(t), 1, Kind.NEXT_TOKEN);
                weights[r] = ceWeights[t];
                r++;
                for (int beside : experience.textLoss().auxiliaryTokens()) {
                    place(r++, b, t, beside, 1, Kind.BESIDE);
                }
            }
            if (t >= compared) {
                place(r, b, t, experience.tokens().at(t), 1, Kind.PREFERENCE);
                r++;
            }
        }
    }

    private void place(int r, int b, int t, int target, float temperature, Kind kind) {
        rows[r] = (long) b * width + t - 1;
        targets[r] = target;
        temperatures[r] = temperature;
        forbidden[r] = -1;
        kinds[r] = kind;
        places[r] = t;
    }

    /** The rows of experience {@code b} of this kind, in the order of its tokens. */
    int[] of(Kind kind, int b) {
        return IntStream.range(starts[b], starts[b + 1])
                .filter(r -> kinds[r] == kind)
                .toArray();
    }

    boolean has(Kind kind) {
        return Arrays.asList(kinds).contains(kind);
    }

    private static int comparedFrom(Experience experience) {
        return experience.preference() == null
                ? Integer.MAX_VALUE
                : experience.preference().from();
    }

    private static int count(Experience experience) {
        int count = Math.max(0, experience.tokens().length() - comparedFrom(experience));
        for (int t = 1; t < experience.tokens().length(); t++) {
            count += experience.lossMask().at(t) != 0 ? 1 : 0;
            count += experience.ceWeights().at(t) != 0
                    ? 1 + experience.textLoss().auxiliaryTokens().size()
                    : 0;
        }
        return count;
    }
}
