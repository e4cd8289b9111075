package io.foretell.learner;

import io.foretell.buffer.AdmissionPolicy;
import io.foretell.buffer.GroupBundle;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.ScoredGroup;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.DirectPreference;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.objectives.Objective;
import io.foretell.policy.MicroBatchResult;
import io.foretell.policy.Policy;
import io.foretell.policy.SequenceStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Turns one batch of groups into one or more updates. It makes experiences, then one mini-batch per optimizer step, then
 * token weights over the mini-batch, then micro-batches within the token budget. Their gradients add up before the
 * optimizer step. All of this repeats once per epoch. An update whose gradient is not finite, or that the guard refuses,
 * changes nothing. Confined to the learner's thread.
 */
public final class TrainingStep {
    private final Policy policy;
    private final LearnerSettings settings;
    private final AdvantageEstimator estimator;
    private final PolicyGradientLoss loss;
    private final BatchGuard guard;

    public TrainingStep(Policy policy, LearnerSettings settings) {
        this.policy = policy;
        this.settings = settings;
        this.estimator = AdvantageEstimator.parse(settings.advEstimator());
        this.loss = settings.policyGradientLoss();
        this.guard = new BatchGuard(settings.batchGuard());
    }

    /**
     * The results of a step.
     *
     * @param loss total loss, a mean over the updates of the last pass; so are the other losses
     * @param klLoss divergence from the reference, without coefficient
     * @param entropyLoss entropy, without coefficient
     * @param gradNorm norm before clipping, a mean over the updates applied in the last pass; not finite if none was
     *     applied, 0 if there was nothing to learn from
     * @param tokens tokens run through the model per pass
     * @param sequences statistics of sequences with policy-gradient tokens, of the last pass over the batch
     * @param firstPass the same for the first update, computed with the weights from the start of the step
     * @param pairs costs of each pair in the last pass
     * @param updates optimizer steps applied
     * @param refusals updates refused
     */
    record Outcome(
            double loss,
            double pgLoss,
            double klLoss,
            double entropyLoss,
            double ceLoss,
            double dpoLoss,
            double gradNorm,
            long tokens,
            List<SequenceStatistics> sequences,
            List<SequenceStatistics> firstPass,
            List<DirectPreference.Cost> pairs,
            int updates,
            List<Refusal> refusals) {
        static final Outcome NONE = new Outcome(0, 0, 0, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), 0, List.of());

        boolean isSkipped() {
            return updates == 0;
        }
    }

    /** An update that was refused. @param groups groups whose losses caused it, the worst first */
    record Refusal(String reason, List<String> groups) {}

    BatchGuard guard() {
        return guard;
    }

    /** Step {@code step} of a run: every group by the objective of its phase, stale ones with less weight. */
    Outcome run(TrainingPlan run, List<ScoredGroup> groups, long step, double learningRate) {
        return run(
                run::objectiveOf,
                group -> run.settings().offPolicy().weight(step - 1 - AdmissionPolicy.oldestVersion(List.of(group))),
                groups,
                learningRate,
                run.teacherDecay(step));
    }

    public Outcome run(Objective objective, List<ScoredGroup> groups, double learningRate, double emaDecay) {
        return run(group -> objective, group -> 1, groups, learningRate, emaDecay);
    }

    private Outcome run(
            Function<ScoredGroup, Objective> objectives,
            ToDoubleFunction<ScoredGroup> staleWeight,
            List<ScoredGroup> groups,
            double learningRate,
            double emaDecay) {
        List<MiniBatch> batches = new ArrayList<>();
        for (List<ScoredGroup> some : GroupBundle.batches(groups, miniBatch(GroupBundle.count(groups)))) {
            MiniBatch batch = MiniBatch.of(objectives, staleWeight, some, estimator, settings.loss());
            if (!batch.experiences().isEmpty()) {
                batches.add(batch);
            }
        }
        // The first finds out on its way; the others begin when the weights are others already.
        for (int i = 1; loss.decoupled() && i < batches.size(); i++) {
            proximal(batches.get(i));
        }
        Tally tally = new Tally();
        for (int epoch = 0; epoch < settings.batch().ppoEpochs(); epoch++) {
            tally.beginPass();
            for (MiniBatch batch : batches) {
                update(batch, tally, learningRate, emaDecay);
            }
        }
        return tally.outcome();
    }

    /** Families per optimizer step; replayed ones are added and do not increase the number of steps. */
    private int miniBatch(int families) {
        int fresh = settings.batch().promptsPerStep();
        return families <= fresh
                ? settings.batch().miniBatch()
                : (int) (((long) settings.batch().miniBatch() * families + fresh - 1) / fresh);
    }

    private void proximal(MiniBatch batch) {
        for (List<Integer> chosen : batch.microBatches(settings.batch().maxTokensPerMicroBatch())) {
            List<double[]> found = policy.logProbs(PolicyRole.LIVE, batch.experiences(chosen));
            for (int i = 0; i < chosen.size(); i++) {
                batch.proximal()[chosen.get(i)] = found.get(i);
            }
        }
    }

    private void update(MiniBatch batch, Tally tally, double learningRate, double emaDecay) {
        double[] losses = new double[batch.experiences().size()];
        double total = 0;
        boolean finite = true;
        for (List<Integer> chosen : batch.microBatches(settings.batch().maxTokensPerMicroBatch())) {
            MicroBatchResult result = accumulate(batch, chosen);
            tally.add(result, batch.tokens(chosen));
            total += result.loss();
            for (int i = 0; i < chosen.size(); i++) {
                losses[chosen.get(i)] = result.losses()[i];
            }
            if (!result.isFinite()) {
                finite = false;
                if (Arrays.stream(result.losses()).allMatch(Double::isFinite)) {
                    chosen.forEach(i -> losses[i] = Double.NaN); // the gradient of one of these
                }
                break;
            }
        }
        String refusal = finite ? guard.refusal(total) : "its loss or gradient is no number";
        if (!refusal.isEmpty()) {
            policy.discardGradients();
            tally.refuse(new Refusal(refusal, batch.worst(losses)));
            return;
        }
        tally.took(policy.step(settings.optimizer().step(learningRate, emaDecay)));
    }

    private MicroBatchResult accumulate(MiniBatch batch, List<Integer> chosen) {
        boolean known = batch.proximal()[chosen.get(0)] != null;
        MicroBatchResult result = policy.accumulate(
                batch.experiences(chosen),
                chosen.stream().map(batch.pgWeights()::get).toList(),
                chosen.stream().map(batch.ceWeights()::get).toList(),
                known ? chosen.stream().map(i -> batch.proximal()[i]).toList() : List.of(),
                batch.pairWeight(),
                loss,
                settings.batch().gradientCheckpointing());
        for (int i = 0; !known && i < chosen.size(); i++) {
            batch.proximal()[chosen.get(i)] = result.sequences().get(i).logProbs();
        }
        return result;
    }

    /** Accumulates the results of a step's updates; figures are those of the last pass over the batch. */
    private static final class Tally {
        private double[] sums = new double[6];
        private double norms;
        private int attempted;
        private int taken;
        private int updates;
        private long tokens;
        private List<SequenceStatistics> sequences = new ArrayList<>();
        private List<DirectPreference.Cost> pairs = new ArrayList<>();
        private final List<SequenceStatistics> firstPass = new ArrayList<>();
        private final List<Refusal> refusals = new ArrayList<>();

        void beginPass() {
            sums = new double[6];
            norms = 0;
            attempted = 0;
            taken = 0;
            tokens = 0;
            sequences = new ArrayList<>();
            pairs = new ArrayList<>();
        }

        void add(MicroBatchResult result, long passed) {
            double[] losses = {
                result.loss(), result.pgLoss(), result.klLoss(), result.entropyLoss(), result.ceLoss(), result.dpoLoss()
            };
            Arrays.setAll(sums, i -> sums[i] + losses[i]);
            tokens += passed;
            List<SequenceStatistics> sampled =
                    result.sequences().stream().filter(s -> s.tokens() > 0).toList();
            sequences.addAll(sampled);
            pairs.addAll(result.pairs());
            if (updates == 0 && refusals.isEmpty()) {
                firstPass.addAll(sampled);
            }
        }

        void took(double norm) {
            attempted++;
            taken++;
            updates++;
            norms += norm;
        }

        void refuse(Refusal refusal) {
            attempted++;
            refusals.add(refusal);
        }

        Outcome outcome() {
            if (attempted == 0) {
                return Outcome.NONE;
            }
            double[] means = Arrays.stream(sums).map(sum -> sum / attempted).toArray();
            return new Outcome(
                    means[0],
                    means[1],
                    means[2],
                    means[3],
                    means[4],
                    means[5],
                    taken == 0 ? Double.NaN : norms / taken,
                    tokens,
                    sequences,
                    firstPass,
                    pairs,
                    updates,
                    refusals);
        }
    }
}
