package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.TextLoss;
import io.foretell.huggingface.PolicyException;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.PolicyGradientTokens;
import io.foretell.policy.TrainingRows.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The forward pass of a micro-batch returns log-probability and entropy per row; plain Java computes the loss; the backward
 * pass turns its derivatives into gradients of all weights. Confined to the policy's thread.
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
            List<double[]> proximal,
            double pairWeight,
            PolicyGradientLoss loss,
            boolean recompute) {
        TrainingRows rows = new TrainingRows(batch, pgWeights, ceWeights);
        if (rows.size == 0) {
            throw new PolicyException("a micro-batch of " + batch.size() + " sequences has no token to train on");
        }
        float[] reference = new float[0]; // (2, R), or empty
        boolean hasPairs = rows.has(Kind.PREFERENCE);
        if (hasPairs || loss.kl().isUsed() && rows.has(Kind.POLICY_GRADIENT)) {
            reference = forward(Policy.EMA, rows, true);
            program.run("forget");
        }
        float[] found = forward(Policy.LIVE, rows, recompute); // (2, R)
        float[] byLogProb = new float[rows.size];
        float[] byEntropy = new float[rows.size];
        double[] losses = new double[batch.size()];
        double ce = 0;
        for (int b = 0; b < batch.size(); b++) {
            losses[b] += text(batch.get(b).textLoss(), rows, b, found, byLogProb);
            ce += losses[b];
        }
        double total = ce;
        double pg = 0;
        double kl = 0;
        double entropy = 0;
        List<SequenceStatistics> sequences = new ArrayList<>();
        for (int b = 0; b < batch.size(); b++) {
            int[] own = rows.of(Kind.POLICY_GRADIENT, b);
            double[] logProbs = select(found, own, 0);
            double[] rollout = select(rows.old, own, 0);
            double[] start = proximal.isEmpty() ? logProbs : proximal.get(b);
            PolicyGradientTokens tokens = new PolicyGradientTokens(
                    logProbs,
                    loss.decoupled() ? start : rollout,
                    rollout,
                    loss.kl().isUsed() ? select(reference, own, 0) : new double[0],
                    select(found, own, rows.size),
                    select(rows.advantages, own, 0),
                    Arrays.stream(own).mapToDouble(r -> rows.weights[r]).toArray());
            PolicyGradientLoss.Cost cost = loss.cost(tokens);
            for (int i = 0; i < own.length; i++) {
                byLogProb[own[i]] = (float) cost.byLogProb()[i];
                byEntropy[own[i]] = (float) cost.byEntropy()[i];
            }
            losses[b] += cost.total();
            total += cost.total();
            pg += cost.pg();
            kl += cost.kl();
            entropy += cost.entropy();
            sequences.add(SequenceStatistics.of(tokens, cost));
        }
        Pairs pairs = hasPairs ? Pairs.of(batch, rows, found, reference) : Pairs.NONE;
        double dpo = pairs.backward(pairWeight, byLogProb, losses);
        total += dpo;
        float norm = program.call(
                "backward",
                inputs -> inputs.floats(byLogProb, rows.size).floats(byEntropy, rows.size),
                array -> array.getFloat());
        accumulated = true;
        boolean finite = Double.isFinite(total) && Float.isFinite(norm);
        return new MicroBatchResult(total, pg, kl, entropy, ce, dpo, finite, losses, sequences, pairs.costs());
    }

    /** Log-probabilities of the policy-gradient tokens, per experience; keeps nothing for a backward pass. */
    List<double[]> logProbs(int which, List<Experience> batch) {
        List<float[]> zeros =
                batch.stream().map(e -> new float[e.tokens().length()]).toList();
        TrainingRows rows = new TrainingRows(batch, zeros, zeros);
        if (rows.size == 0) {
            return batch.stream().map(e -> new double[0]).toList();
        }
        float[] found = forward(which, rows, true); // (2, R)
        program.run("forget");
        return IntStream.range(0, batch.size())
                .mapToObj(b -> select(found, rows.of(Kind.POLICY_GRADIENT, b), 0))
                .toList();
    }

    /** Adds the next-token terms of sequence {@code b}; writes their derivatives to {@code byLogProb}. */
    private static double text(TextLoss loss, TrainingRows rows, int b, float[] found, float[] byLogProb) {
        double[] logProbs = new double[1 + loss.auxiliaryTokens().size()];
        double sum = 0;
        for (int r = rows.starts[b]; r < rows.starts[b + 1]; r++) {
            if (rows.kinds[r] != Kind.NEXT_TOKEN) {
                continue;
            }
            for (int k = 0; k < logProbs.length; k++) {
                logProbs[k] = found[r + k];
            }
            TextLoss.Cost cost = loss.cost(rows.places[r], logProbs);
            sum += rows.weights[r] * cost.value();
            for (int k = 0; k < logProbs.length; k++) {
                byLogProb[r + k] = (float) (rows.weights[r] * cost.byLogProb()[k]);
            }
        }
        return sum;
    }

    /** Log-probabilities of all rows, then their entropies: (2, R). */
    private float[] forward(int which, TrainingRows rows, boolean recompute) {
        return program.call(
                "forward",
                inputs -> inputs.integer(which)
                        .integers(rows.tokens, rows.sequences, rows.width)
                        .integers(rows.rows, rows.size)
                        .integers(rows.targets, rows.size)
                        .floats(rows.temperatures, rows.size)
                        .integers(rows.forbidden, rows.size)
                        .integer(recompute ? 1 : 0),
                array -> array.toFloatArray());
    }

    private static double[] select(float[] values, int[] rows, int offset) {
        return Arrays.stream(rows).mapToDouble(r -> values[offset + r]).toArray();
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
        double[] values = settings.values();
        return program.call("step", inputs -> inputs.doubles(values, values.length), array -> array.getFloat());
    }
}
