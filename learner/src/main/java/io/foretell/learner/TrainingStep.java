package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.Experience;
import io.foretell.objectives.LossAggregation;
import io.foretell.objectives.Objective;
import io.foretell.objectives.PolicyGradientLoss;
import io.foretell.objectives.ScoredGroup;
import io.foretell.policy.MicroBatchResult;
import io.foretell.policy.OptimizerSettings;
import io.foretell.policy.Policy;
import io.foretell.policy.SequenceStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * One batch of groups becomes one update: experiences, weights of every token over the whole batch, micro-batches within
 * the token budget, then the optimizer. A batch whose gradient is not finite changes nothing. Confined to the learner's
 * thread.
 */
final class TrainingStep {
    private final Policy policy;
    private final LearnerSettings settings;
    private final AdvantageEstimator estimator;
    private final PolicyGradientLoss loss;

    TrainingStep(Policy policy, LearnerSettings settings) {
        this.policy = policy;
        this.settings = settings;
        this.estimator = AdvantageEstimator.parse(settings.advEstimator());
        this.loss = settings.loss();
    }

    /**
     * What a step did.
     *
     * @param loss all that is minimised
     * @param klLoss divergence from the reference, without coefficient
     * @param entropyLoss entropy, without coefficient
     * @param gradNorm before clipping; not finite when the step was skipped
     * @param tokens tokens run through the model
     * @param sequences statistics of sequences with policy-gradient tokens, of the last pass over the batch
     * @param firstPass and of the first, whose weights are those at the start of the update
     * @param offenders groups of the micro-batch after which loss or gradient were no numbers any more
     */
    record Outcome(
            double loss,
            double pgLoss,
            double klLoss,
            double entropyLoss,
            double ceLoss,
            double gradNorm,
            long tokens,
            List<SequenceStatistics> sequences,
            List<SequenceStatistics> firstPass,
            List<String> offenders) {
        static final Outcome NONE = new Outcome(0, 0, 0, 0, 0, Double.NaN, 0, List.of(), List.of(), List.of());

        boolean isSkipped() {
            return !Double.isFinite(gradNorm);
        }
    }

    /** Step {@code step} of a run: every group by the objective of its phase, stale ones with less weight. */
    Outcome run(LearnerRun run, List<ScoredGroup> groups, long step, double learningRate) {
        return run(
                group -> run.objectives().get(group.task().phase()),
                group -> run.staleWeight(step - 1 - Admission.oldestVersion(group)),
                groups,
                learningRate,
                run.teacherDecay(step));
    }

    Outcome run(Objective objective, List<ScoredGroup> groups, double learningRate, double emaDecay) {
        return run(group -> objective, group -> 1, groups, learningRate, emaDecay);
    }

    private Outcome run(
            Function<ScoredGroup, Objective> objectives,
            ToDoubleFunction<ScoredGroup> staleWeight,
            List<ScoredGroup> groups,
            double learningRate,
            double emaDecay) {
        List<Double> weights = new ArrayList<>();
        List<Experience> experiences = new ArrayList<>();
        List<String> origins = new ArrayList<>();
        for (ScoredGroup group : groups) {
            for (Experience experience : objectives.apply(group).experiences(group, estimator)) {
                if (experience.lossMask().sum() > 0 || hasNextTokenTerm(experience)) {
                    experiences.add(experience);
                    origins.add(group.id());
                    weights.add(staleWeight.applyAsDouble(group));
                }
            }
        }
        if (experiences.isEmpty()) {
            return Outcome.NONE;
        }
        Batch batch = new Batch(
                experiences,
                origins,
                scaled(settings.weights(experiences), weights),
                LossAggregation.nextTokenWeights(experiences),
                new double[experiences.size()][]);
        Outcome outcome = Outcome.NONE;
        List<SequenceStatistics> firstPass = List.of();
        for (int epoch = 0; epoch < settings.ppoEpochs(); epoch++) {
            outcome = update(batch, epoch, firstPass, learningRate, emaDecay);
            if (outcome.isSkipped()) {
                break;
            }
            firstPass = outcome.firstPass();
        }
        return outcome;
    }

    private static List<float[]> scaled(List<float[]> pgWeights, List<Double> factors) {
        for (int i = 0; i < pgWeights.size(); i++) {
            for (int t = 0; factors.get(i) != 1 && t < pgWeights.get(i).length; t++) {
                pgWeights.get(i)[t] *= factors.get(i).floatValue();
            }
        }
        return pgWeights;
    }

    /**
     * The sequences of a step.
     *
     * @param origins group of each
     * @param proximal log-probabilities of each under the weights at the start of the update, once the first pass is over
     */
    private record Batch(
            List<Experience> experiences,
            List<String> origins,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            double[][] proximal) {}

    private static boolean hasNextTokenTerm(Experience experience) {
        return IntStream.range(0, experience.ceWeights().length())
                .anyMatch(t -> experience.ceWeights().at(t) != 0);
    }

    private Outcome update(
            Batch batch, int epoch, List<SequenceStatistics> firstPass, double learningRate, double emaDecay) {
        double total = 0;
        double pg = 0;
        double kl = 0;
        double entropy = 0;
        double ce = 0;
        long tokens = 0;
        double norm = 0;
        List<SequenceStatistics> sequences = new ArrayList<>();
        List<String> offenders = List.of();
        for (List<Integer> chosen : microBatches(batch.experiences())) {
            MicroBatchResult result = accumulate(batch, epoch, chosen);
            total += result.loss();
            pg += result.pgLoss();
            kl += result.klLoss();
            entropy += result.entropyLoss();
            ce += result.ceLoss();
            tokens += chosen.stream()
                    .mapToLong(i -> batch.experiences().get(i).tokens().length())
                    .sum();
            result.sequences().stream().filter(s -> s.tokens() > 0).forEach(sequences::add);
            if (!result.isFinite()) {
                policy.discardGradients();
                offenders = chosen.stream().map(batch.origins()::get).distinct().toList();
                norm = Double.NaN;
                break;
            }
        }
        if (offenders.isEmpty()) {
            norm = policy.step(new OptimizerSettings(
                    learningRate,
                    settings.beta1(),
                    settings.beta2(),
                    settings.epsilon(),
                    settings.weightDecay(),
                    settings.maxGradNorm(),
                    emaDecay));
        }
        return new Outcome(
                total, pg, kl, entropy, ce, norm, tokens, sequences, epoch == 0 ? sequences : firstPass, offenders);
    }

    private MicroBatchResult accumulate(Batch batch, int epoch, List<Integer> chosen) {
        boolean first = epoch == 0;
        MicroBatchResult result = policy.accumulate(
                chosen.stream().map(batch.experiences()::get).toList(),
                chosen.stream().map(batch.pgWeights()::get).toList(),
                chosen.stream().map(batch.ceWeights()::get).toList(),
                first
                        ? List.of()
                        : chosen.stream().map(i -> batch.proximal()[i]).toList(),
                loss,
                settings.gradientCheckpointing());
        for (int i = 0; first && i < chosen.size(); i++) {
            batch.proximal()[chosen.get(i)] = result.sequences().get(i).logProbs();
        }
        return result;
    }

    /** Sequences of similar length together, at most the token budget each. */
    private List<List<Integer>> microBatches(List<Experience> experiences) {
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, experiences.size()).boxed().toList());
        order.sort(Comparator.comparingInt(i -> experiences.get(i).tokens().length()));
        List<List<Integer>> batches = new ArrayList<>();
        List<Integer> batch = new ArrayList<>();
        for (int index : order) {
            long width = experiences.get(index).tokens().length();
            if (!batch.isEmpty() && (batch.size() + 1) * width > settings.maxTokensPerMicroBatch()) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(index);
        }
        batches.add(batch);
        return batches;
    }
}
