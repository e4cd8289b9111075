package io.foretell.policy;

import io.foretell.objectives.Experience;
import java.util.ArrayList;
import java.util.List;

/** Turns experiences into the program's flat rows: one row per trained token. Confined to the policy's thread. */
final class Training {
    private final PolicyProgram program;

    Training(PolicyProgram program) {
        this.program = program;
    }

    /** The flat arrays of one micro-batch; row r predicts target r from the tokens up to position rows[r]. */
    private static final class Rows {
        final long[] tokens; // (B, T)
        final long[] rows; // (R,)
        final long[] targets; // (R,)
        final float[] advantages; // (R,)
        final float[] old; // (R,)
        final float[] pg; // (R,)
        final float[] ce; // (R,)
        final float[] temperatures; // (R,)
        final long[] forbidden; // (R,)
        final boolean[] masked; // (R,)
        final int[] starts; // (B+1,) first row of each experience
        final int width;

        Rows(List<Experience> batch, List<float[]> pgWeights, List<float[]> ceWeights) {
            // The last token of a sequence is only ever a target.
            width = batch.stream().mapToInt(e -> e.tokens().length()).max().orElseThrow() - 1;
            starts = new int[batch.size() + 1];
            for (int b = 0; b < batch.size(); b++) {
                starts[b + 1] = starts[b] + count(batch.get(b));
            }
            int size = starts[batch.size()];
            tokens = new long[batch.size() * width];
            rows = new long[size];
            targets = new long[size];
            advantages = new float[size];
            old = new float[size];
            pg = new float[size];
            ce = new float[size];
            temperatures = new float[size];
            forbidden = new long[size];
            masked = new boolean[size];
            int r = 0;
            for (int b = 0; b < batch.size(); b++) {
                Experience experience = batch.get(b);
                boolean first = true;
                for (int t = 0; t < experience.tokens().length(); t++) {
                    if (t < width) {
                        tokens[b * width + t] = experience.tokens().at(t);
                    }
                    if (!isTrained(experience, t)) {
                        continue;
                    }
                    rows[r] = (long) b * width + t - 1;
                    targets[r] = experience.tokens().at(t);
                    advantages[r] = experience.advantages().at(t);
                    old[r] = experience.oldLogProbs().at(t);
                    pg[r] = pgWeights.get(b)[t];
                    ce[r] = ceWeights.get(b)[t];
                    masked[r] = experience.lossMask().at(t) != 0;
                    temperatures[r] = masked[r] ? experience.temperature() : 1;
                    forbidden[r] = masked[r] && first ? experience.forbiddenFirst() : -1;
                    first &= !masked[r];
                    r++;
                }
            }
        }

        private static int count(Experience experience) {
            int count = 0;
            for (int t = 0; t < experience.tokens().length(); t++) {
                count += isTrained(experience, t) ? 1 : 0;
            }
            return count;
        }

        private static boolean isTrained(Experience experience, int t) {
            return t > 0
                    && (experience.lossMask().at(t) != 0
                            || experience.ceWeights().at(t) != 0);
        }
    }

    MicroBatchResult accumulate(
            List<Experience> batch, List<float[]> pgWeights, List<float[]> ceWeights, LossSettings loss) {
        Rows flat = new Rows(batch, pgWeights, ceWeights);
        int size = flat.rows.length;
        if (size == 0) {
            throw new PolicyException("a micro-batch of " + batch.size() + " sequences has no token to train on");
        }
        double[] settings = {loss.clipRatioLow(), loss.clipRatioHigh()};
        float[] found = program.call(
                "accumulate",
                inputs -> inputs.integers(flat.tokens, batch.size(), flat.width)
                        .integers(flat.rows, size)
                        .integers(flat.targets, size)
                        .floats(flat.advantages, size)
                        .floats(flat.old, size)
                        .floats(flat.pg, size)
                        .floats(flat.ce, size)
                        .floats(flat.temperatures, size)
                        .integers(flat.forbidden, size)
                        .doubles(settings, settings.length),
                array -> array.toFloatArray()); // loss, pg, ce, then (R,) log-probability, (R,) entropy
        List<SequenceStatistics> sequences = new ArrayList<>();
        for (int b = 0; b < batch.size(); b++) {
            sequences.add(statistics(flat, flat.starts[b], flat.starts[b + 1], found, loss));
        }
        return new MicroBatchResult(found[0], found[1], found[2], sequences);
    }

    private static SequenceStatistics statistics(Rows flat, int from, int to, float[] found, LossSettings loss) {
        int size = flat.rows.length;
        int tokens = 0;
        double kl = 0;
        double mismatch = 0;
        double difference = 0;
        double largest = 0;
        double entropy = 0;
        double clipped = 0;
        for (int r = from; r < to; r++) {
            if (!flat.masked[r]) {
                continue;
            }
            double log = found[3 + r] - flat.old[r];
            double ratio = Math.exp(Math.max(-20, Math.min(20, log)));
            tokens++;
            kl -= log;
            mismatch += ratio - 1 - log;
            difference += Math.abs(log);
            largest = Math.max(largest, Math.abs(log));
            entropy += found[3 + size + r];
            boolean above = flat.advantages[r] > 0 && ratio > 1 + loss.clipRatioHigh();
            boolean below = flat.advantages[r] < 0 && ratio < 1 - loss.clipRatioLow();
            clipped += above || below ? 1 : 0;
        }
        double n = Math.max(1, tokens);
        return new SequenceStatistics(tokens, kl / n, mismatch / n, difference / n, largest, entropy / n, clipped / n);
    }

    double step(OptimizerSettings settings) {
        double[] values = {
            settings.learningRate(),
            settings.beta1(),
            settings.beta2(),
            settings.epsilon(),
            settings.weightDecay(),
            settings.maxGradNorm(),
            settings.emaDecay()
        };
        return program.call("step", inputs -> inputs.doubles(values, values.length), array -> array.getFloat());
    }
}
