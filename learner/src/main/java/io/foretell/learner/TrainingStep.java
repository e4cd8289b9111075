package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.ClippedSurrogate;
import io.foretell.objectives.Experience;
import io.foretell.objectives.LossAggregation;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ScoredGroup;
import io.foretell.policy.MicroBatchResult;
import io.foretell.policy.OptimizerSettings;
import io.foretell.policy.Policy;
import io.foretell.policy.SequenceStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
    private final LossAggregation aggregation;

    TrainingStep(Policy policy, LearnerSettings settings) {
        this.policy = policy;
        this.settings = settings;
        this.estimator = AdvantageEstimator.parse(settings.advEstimator());
        this.aggregation = LossAggregation.parse(settings.lossAggMode());
    }

    /**
     * What a step did.
     *
     * @param gradNorm before clipping; not finite when the step was skipped
     * @param tokens tokens run through the model
     * @param sequences statistics of sequences with policy-gradient tokens
     * @param offenders groups of the micro-batch after which loss or gradient were no numbers any more
     */
    record Outcome(
            double loss,
            double pgLoss,
            double ceLoss,
            double gradNorm,
            long tokens,
            List<SequenceStatistics> sequences,
            List<String> offenders) {
        static final Outcome NONE = new Outcome(0, 0, 0, Double.NaN, 0, List.of(), List.of());

        boolean isSkipped() {
            return !Double.isFinite(gradNorm);
        }
    }

    Outcome run(Objective objective, List<ScoredGroup> groups, double learningRate, double emaDecay) {
        List<Experience> experiences = new ArrayList<>();
        List<String> origins = new ArrayList<>();
        for (ScoredGroup group : groups) {
            for (Experience experience : objective.experiences(group, estimator)) {
                if (experience.lossMask().sum() > 0 || hasNextTokenTerm(experience)) {
                    experiences.add(experience);
                    origins.add(group.id());
                }
            }
        }
        if (experiences.isEmpty()) {
            return Outcome.NONE;
        }
        List<float[]> pgWeights = aggregation.weights(experiences);
        List<float[]> ceWeights = LossAggregation.nextTokenWeights(experiences);
        Outcome outcome = Outcome.NONE;
        for (int epoch = 0; epoch < settings.ppoEpochs(); epoch++) {
            outcome = update(experiences, origins, pgWeights, ceWeights, learningRate, emaDecay);
        }
        return outcome;
    }

    private static boolean hasNextTokenTerm(Experience experience) {
        return IntStream.range(0, experience.ceWeights().length())
                .anyMatch(t -> experience.ceWeights().at(t) != 0);
    }

    private Outcome update(
            List<Experience> experiences,
            List<String> origins,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            double learningRate,
            double emaDecay) {
        ClippedSurrogate loss = new ClippedSurrogate(settings.clipRatioLow(), settings.clipRatioHigh());
        double total = 0;
        double pg = 0;
        double ce = 0;
        long tokens = 0;
        List<SequenceStatistics> sequences = new ArrayList<>();
        for (List<Integer> chosen : microBatches(experiences)) {
            List<Experience> batch = chosen.stream().map(experiences::get).toList();
            MicroBatchResult result = policy.accumulate(
                    batch,
                    chosen.stream().map(pgWeights::get).toList(),
                    chosen.stream().map(ceWeights::get).toList(),
                    loss,
                    settings.gradientCheckpointing());
            total += result.loss();
            pg += result.pgLoss();
            ce += result.ceLoss();
            tokens += batch.stream().mapToLong(e -> e.tokens().length()).sum();
            result.sequences().stream().filter(s -> s.tokens() > 0).forEach(sequences::add);
            if (!result.isFinite()) {
                policy.discardGradients();
                List<String> offenders =
                        chosen.stream().map(origins::get).distinct().toList();
                return new Outcome(total, pg, ce, Double.NaN, tokens, sequences, offenders);
            }
        }
        double norm = policy.step(new OptimizerSettings(
                learningRate,
                settings.beta1(),
                settings.beta2(),
                settings.epsilon(),
                settings.weightDecay(),
                settings.maxGradNorm(),
                emaDecay));
        return new Outcome(total, pg, ce, norm, tokens, sequences, List.of());
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
