package io.foretell.policy;

import io.foretell.objectives.ClippedSurrogate;
import io.foretell.objectives.Experience;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A micro-batch goes through the model twice: there, to each row's log-probability; and back, from the loss's derivative
 * by it to the gradient of every weight. In between the loss is plain Java. Confined to the policy's thread.
 */
final class Training {
    private final PolicyProgram program;
    private boolean accumulated;

    Training(PolicyProgram program) {
        this.program = program;
    }

    MicroBatchResult accumulate(
            List<Experience> batch,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            ClippedSurrogate loss,
            boolean recompute) {
        TrainingRows rows = new TrainingRows(batch, pgWeights, ceWeights);
        if (rows.size == 0) {
            throw new PolicyException("a micro-batch of " + batch.size() + " sequences has no token to train on");
        }
        float[] found = program.call(
                "evaluate",
                inputs -> inputs.integers(rows.tokens, rows.sequences, rows.width)
                        .integers(rows.rows, rows.size)
                        .integers(rows.targets, rows.size)
                        .floats(rows.temperatures, rows.size)
                        .integers(rows.forbidden, rows.size)
                        .integer(recompute ? 1 : 0),
                array -> array.toFloatArray()); // (2, R)
        float[] logProbs = Arrays.copyOf(found, rows.size); // (R,)
        float[] entropies = Arrays.copyOfRange(found, rows.size, 2 * rows.size); // (R,)
        float[] derivatives = new float[rows.size]; // (R,) of the loss by the log-probability
        double pg = 0;
        double ce = 0;
        for (int r = 0; r < rows.size; r++) {
            if (!rows.sampled[r]) {
                ce -= rows.weights[r] * logProbs[r];
                derivatives[r] = (float) -rows.weights[r];
                continue;
            }
            double one = loss.loss(logProbs[r], rows.old[r], rows.advantages[r]);
            double slope = loss.derivative(logProbs[r], rows.old[r], rows.advantages[r]);
            pg += rows.weights[r] * one;
            // A loss that is no number must not pass because its clipped branch is flat.
            derivatives[r] = (float) (rows.weights[r] * (Double.isFinite(one) ? slope : Double.NaN));
        }
        float norm = program.call(
                "pull",
                inputs -> inputs.floats(derivatives, rows.size).floats(new float[rows.size], rows.size),
                array -> array.getFloat());
        accumulated = true;
        boolean finite = Double.isFinite(pg + ce) && Float.isFinite(norm);
        List<SequenceStatistics> sequences = new ArrayList<>();
        for (int b = 0; b < batch.size(); b++) {
            sequences.add(statistics(rows, b, logProbs, entropies, loss));
        }
        return new MicroBatchResult(pg + ce, pg, ce, finite, sequences);
    }

    private static SequenceStatistics statistics(
            TrainingRows rows, int b, float[] logProbs, float[] entropies, ClippedSurrogate loss) {
        int tokens = 0;
        double kl = 0;
        double mismatch = 0;
        double difference = 0;
        double largest = 0;
        double entropy = 0;
        double clipped = 0;
        for (int r = rows.starts[b]; r < rows.starts[b + 1]; r++) {
            if (!rows.sampled[r]) {
                continue;
            }
            double log = logProbs[r] - rows.old[r];
            tokens++;
            kl -= log;
            mismatch += ClippedSurrogate.ratio(logProbs[r], rows.old[r]) - 1 - log;
            difference += Math.abs(log);
            largest = Math.max(largest, Math.abs(log));
            entropy += entropies[r];
            clipped += loss.isClipped(logProbs[r], rows.old[r], rows.advantages[r]) ? 1 : 0;
        }
        double n = Math.max(1, tokens);
        return new SequenceStatistics(tokens, kl / n, mismatch / n, difference / n, largest, entropy / n, clipped / n);
    }

    void start() {
        program.run("start_training");
        accumulated = false;
    }

    void discard() {
        program.run("discard_gradients");
        accumulated = false;
    }

    double step(OptimizerSettings settings) {
        if (!accumulated) {
            throw new PolicyException("there is no gradient to take a step with: accumulate a micro-batch first");
        }
        accumulated = false;
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
