package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.DirectPreference;
import io.foretell.objectives.Experience;
import io.foretell.objectives.LossAggregation;
import io.foretell.objectives.Objective;
import io.foretell.objectives.PolicyGradientLoss;
import io.foretell.objectives.Preference;
import io.foretell.objectives.ScoredGroup;
import io.foretell.policy.MicroBatchResult;
import io.foretell.policy.OptimizerSettings;
import io.foretell.policy.Policy;
import io.foretell.policy.SequenceStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
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
     * @param pairs what each pair of the last pass cost
     * @param offenders groups of the micro-batch after which loss or gradient were no numbers any more
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
            List<String> offenders) {
        static final Outcome NONE =
                new Outcome(0, 0, 0, 0, 0, 0, Double.NaN, 0, List.of(), List.of(), List.of(), List.of());

        boolean isSkipped() {
            return !Double.isFinite(gradNorm);
        }
    }

    Outcome run(Objective objective, List<ScoredGroup> groups, double learningRate, double emaDecay) {
        List<Experience> experiences = new ArrayList<>();
        List<String> origins = new ArrayList<>();
        for (ScoredGroup group : groups) {
            for (Experience experience : objective.experiences(group, estimator)) {
                if (experience.lossMask().sum() > 0
                        || hasNextTokenTerm(experience)
                        || experience.preference() != null) {
                    experiences.add(experience);
                    origins.add(group.id());
                }
            }
        }
        if (experiences.isEmpty()) {
            return Outcome.NONE;
        }
        Batch batch = new Batch(
                experiences,
                origins,
                settings.weights(experiences),
                LossAggregation.nextTokenWeights(experiences),
                LossAggregation.pairWeight(experiences),
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
            double pairWeight,
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
        List<DirectPreference.Cost> pairs = new ArrayList<>();
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
            pairs.addAll(result.pairs());
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
        double dpo = batch.pairWeight()
                * pairs.stream().mapToDouble(DirectPreference.Cost::loss).sum();
        return new Outcome(
                total,
                pg,
                kl,
                entropy,
                ce,
                dpo,
                norm,
                tokens,
                sequences,
                epoch == 0 ? sequences : firstPass,
                pairs,
                offenders);
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
                batch.pairWeight(),
                loss,
                settings.gradientCheckpointing());
        for (int i = 0; first && i < chosen.size(); i++) {
            batch.proximal()[chosen.get(i)] = result.sequences().get(i).logProbs();
        }
        return result;
    }

    /** Sequences of similar length together, at most the token budget each, unless a single pair is over it. */
    private List<List<Integer>> microBatches(List<Experience> experiences) {
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
            if (!batch.isEmpty() && tokens > settings.maxTokensPerMicroBatch()) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.addAll(unit);
        }
        batches.add(batch);
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
