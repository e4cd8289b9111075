package io.foretell.learner;

import io.foretell.learner.metrics.StepMetrics;
import io.foretell.losses.DirectPreference;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.RolloutCorrection.Corrected;
import io.foretell.policy.SequenceStatistics;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Loss, clipping, KL, entropy and the agreement of sampler and learner in one update, by the field's names. */
final class UpdateMetrics {
    private UpdateMetrics() {}

    /** @param loss says which of its terms are reported */
    static StepMetrics put(
            StepMetrics row, TrainingStep.Outcome outcome, double learningRate, PolicyGradientLoss loss) {
        row.put("actor/loss", outcome.loss())
                .put("actor/pg_loss", outcome.pgLoss())
                .put("actor/ce_loss", outcome.ceLoss())
                .put("actor/grad_norm", outcome.gradNorm())
                .put("actor/lr", learningRate)
                .put("actor/updates", outcome.updates());
        if (!outcome.pairs().isEmpty()) {
            pairs(row.put("actor/dpo_loss", outcome.dpoLoss()), outcome.pairs());
        }
        if (outcome.sequences().isEmpty()) {
            return row;
        }
        if (loss.kl().isUsed()) {
            row.put("actor/kl_loss", outcome.klLoss())
                    .put("actor/kl_coef", loss.kl().coefficient());
        }
        if (loss.entropyCoefficient() != 0) {
            row.put("actor/entropy_loss", outcome.entropyLoss());
        }
        clipping(row, outcome.sequences());
        mismatch(row, outcome.firstPass());
        if (loss.decoupled()) {
            correction(row, outcome.firstPass());
        }
        return row;
    }

    /** Implicit rewards of pairs, by TRL's names. */
    private static void pairs(StepMetrics row, List<DirectPreference.Cost> pairs) {
        row.put("rewards/chosen", mean(pairs, DirectPreference.Cost::chosenReward))
                .put("rewards/rejected", mean(pairs, DirectPreference.Cost::rejectedReward))
                .put("rewards/accuracies", mean(pairs, pair -> pair.margin() > 0 ? 1 : 0))
                .put("rewards/margins", mean(pairs, DirectPreference.Cost::margin))
                .put("rewards/pairs", pairs.size());
    }

    private static double mean(List<DirectPreference.Cost> pairs, ToDoubleFunction<DirectPreference.Cost> value) {
        return pairs.stream().mapToDouble(value).average().orElse(0);
    }

    private static void clipping(StepMetrics row, List<SequenceStatistics> sequences) {
        row.put("actor/ppo_kl", perToken(sequences, SequenceStatistics::klMean))
                .put("actor/entropy", perToken(sequences, SequenceStatistics::entropyMean))
                .put("actor/pg_clipfrac", perToken(sequences, SequenceStatistics::clipFraction))
                .put("actor/pg_clipfrac_lower", perToken(sequences, SequenceStatistics::clippedDual))
                .put("clip_ratio/low_mean", perToken(sequences, SequenceStatistics::clippedLow))
                .put("clip_ratio/high_mean", perToken(sequences, SequenceStatistics::clippedHigh));
    }

    /** Of the first pass: later ones differ from the sampler because they have learnt. */
    private static void mismatch(StepMetrics row, List<SequenceStatistics> sequences) {
        row.put("mismatch_kl/mean", perToken(sequences, SequenceStatistics::mismatchKlMean))
                .put(
                        "training/rollout_logprobs_abs_diff_mean",
                        perToken(sequences, SequenceStatistics::absoluteDifferenceMean))
                .put(
                        "training/rollout_logprobs_abs_diff_max",
                        sequences.stream()
                                .mapToDouble(SequenceStatistics::absoluteDifferenceMax)
                                .max()
                                .orElse(0));
    }

    private static void correction(StepMetrics row, List<SequenceStatistics> sequences) {
        double tokens = sequences.stream().mapToLong(SequenceStatistics::tokens).sum();
        double weights = sum(sequences, Corrected::weights);
        row.put("rollout_corr/kl", sum(sequences, Corrected::k1) / tokens)
                .put("rollout_corr/k3_kl", sum(sequences, Corrected::k3) / tokens)
                .put("rollout_corr/rollout_is_mean", sum(sequences, Corrected::ratios) / tokens)
                .put(
                        "rollout_corr/rollout_is_max",
                        sequences.stream()
                                .mapToDouble(s -> s.correction().largest())
                                .max()
                                .orElse(0))
                .put(
                        "rollout_corr/rollout_is_eff_sample_size",
                        weights * weights / (tokens * sum(sequences, Corrected::squares)))
                .put("rollout_corr/rollout_is_ratio_fraction_high", sum(sequences, Corrected::above) / tokens)
                .put("rollout_corr/rollout_rs_masked_fraction", sum(sequences, Corrected::masked) / tokens);
    }

    private static double sum(List<SequenceStatistics> sequences, ToDoubleFunction<Corrected> value) {
        return sequences.stream()
                .mapToDouble(s -> value.applyAsDouble(s.correction()))
                .sum();
    }

    private static double perToken(List<SequenceStatistics> sequences, ToDoubleFunction<SequenceStatistics> value) {
        double sum = 0;
        long tokens = 0;
        for (SequenceStatistics sequence : sequences) {
            sum += value.applyAsDouble(sequence) * sequence.tokens();
            tokens += sequence.tokens();
        }
        return sum / tokens;
    }
}
