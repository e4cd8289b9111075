package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.learner.metrics.StepMetrics;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.DirectPreference;
import io.foretell.losses.KlTerm;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.RolloutCorrection;
import io.foretell.policy.SequenceStatistics;
import java.util.List;
import org.junit.jupiter.api.Test;

class UpdateMetricsTest {
    private static final PolicyGradientLoss PLAIN = PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2));

    /** Four tokens with ratios 1, 1, 2 and 0.5 in all; the first pass of the second sequence is given apart. */
    private static final List<SequenceStatistics> FIRST = List.of(
            new SequenceStatistics(
                    1, 0, 0.8, 1.2, 2.0, 3.0, 0, 0, 0, corrected(1, 1, 1, 1, 0, 0, 0.4, 0.8), new double[1]),
            new SequenceStatistics(
                    3, 0, 0.4, 0.4, 5.0, 1.0, 0, 0, 0, corrected(3.5, 2, 3.5, 5.25, 1, 2, 0, 0.4), new double[3]));

    private static final List<SequenceStatistics> LAST = List.of(
            new SequenceStatistics(1, 0.4, 9, 9, 9, 3.0, 1, 0, 0, FIRST.get(0).correction(), new double[1]),
            new SequenceStatistics(
                    3, 0.0, 9, 9, 9, 1.0, 0, 1 / 3.0, 1 / 3.0, FIRST.get(1).correction(), new double[3]));

    private static RolloutCorrection.Corrected corrected(
            double ratios,
            double largest,
            double weights,
            double squares,
            int above,
            int masked,
            double k1,
            double k3) {
        return new RolloutCorrection.Corrected(new double[0], ratios, largest, weights, squares, above, masked, k1, k3);
    }

    private static StepMetrics update(PolicyGradientLoss loss) {
        TrainingStep.Outcome outcome =
                new TrainingStep.Outcome(0.5, 0.3, 0.7, 0.9, 0.2, 0, 1.5, 40, LAST, FIRST, List.of(), 1, List.of());
        return UpdateMetrics.put(new StepMetrics(), outcome, 1e-3, loss);
    }

    private static double value(StepMetrics metrics, String name) {
        assertThat(metrics.values()).containsKey(name);
        return ((Number) metrics.values().get(name)).doubleValue();
    }

    @Test
    void figuresAreMeansOverTokensAndNotOverSequences() {
        StepMetrics metrics = update(PLAIN);

        assertThat(value(metrics, "actor/loss")).isEqualTo(0.5);
        assertThat(value(metrics, "actor/grad_norm")).isEqualTo(1.5);
        assertThat(value(metrics, "actor/lr")).isEqualTo(1e-3);
        assertThat(value(metrics, "actor/ppo_kl")).isCloseTo(0.1, within(1e-12));
        assertThat(value(metrics, "actor/entropy")).isCloseTo(1.5, within(1e-12));
        assertThat(value(metrics, "actor/pg_clipfrac")).isCloseTo(0.5, within(1e-12));
        assertThat(value(metrics, "actor/pg_clipfrac_lower")).isCloseTo(0.25, within(1e-12));
        assertThat(value(metrics, "clip_ratio/low_mean")).isCloseTo(0.25, within(1e-12));
        assertThat(value(metrics, "clip_ratio/high_mean")).isCloseTo(0.25, within(1e-12));
    }

    @Test
    void theMismatchIsThatOfTheFirstPass() {
        StepMetrics metrics = update(PLAIN);

        assertThat(value(metrics, "mismatch_kl/mean")).isCloseTo(0.5, within(1e-12));
        assertThat(value(metrics, "training/rollout_logprobs_abs_diff_mean")).isCloseTo(0.6, within(1e-12));
        assertThat(value(metrics, "training/rollout_logprobs_abs_diff_max")).isEqualTo(5);
    }

    @Test
    void termsThatAreNotThereAreNotReported() {
        assertThat(update(PLAIN).values().keySet())
                .noneMatch(name -> name.startsWith("rollout_corr/"))
                .doesNotContain("actor/kl_loss", "actor/kl_coef", "actor/entropy_loss");
    }

    @Test
    void termsThatAreThereAreReported() {
        StepMetrics metrics = update(
                new PolicyGradientLoss(PLAIN.loss(), true, RolloutCorrection.NONE, KlTerm.parse("k3", 0.01), 0.1));

        assertThat(value(metrics, "actor/kl_loss")).isEqualTo(0.7);
        assertThat(value(metrics, "actor/kl_coef")).isEqualTo(0.01);
        assertThat(value(metrics, "actor/entropy_loss")).isEqualTo(0.9);
        assertThat(value(metrics, "rollout_corr/kl")).isCloseTo(0.1, within(1e-12));
        assertThat(value(metrics, "rollout_corr/k3_kl")).isCloseTo(0.3, within(1e-12));
        assertThat(value(metrics, "rollout_corr/rollout_is_mean")).isCloseTo(1.125, within(1e-12));
        assertThat(value(metrics, "rollout_corr/rollout_is_max")).isEqualTo(2);
        assertThat(value(metrics, "rollout_corr/rollout_is_eff_sample_size")).isCloseTo(0.81, within(1e-12));
        assertThat(value(metrics, "rollout_corr/rollout_is_ratio_fraction_high"))
                .isEqualTo(0.25);
        assertThat(value(metrics, "rollout_corr/rollout_rs_masked_fraction")).isEqualTo(0.5);
    }

    @Test
    void pairsAreReportedByTheNamesOfTrl() {
        List<DirectPreference.Cost> pairs = List.of(
                new DirectPreference.Cost(0.4, -0.1, 0.1, 0.5, -0.25),
                new DirectPreference.Cost(0.8, -0.1, 0.1, 0.1, 0.2));
        TrainingStep.Outcome outcome =
                new TrainingStep.Outcome(0.6, 0, 0, 0, 0, 0.6, 1.5, 40, List.of(), List.of(), pairs, 1, List.of());

        StepMetrics metrics = UpdateMetrics.put(new StepMetrics(), outcome, 1e-3, PLAIN);

        assertThat(value(metrics, "actor/dpo_loss")).isEqualTo(0.6);
        assertThat(value(metrics, "rewards/chosen")).isCloseTo(0.3, within(1e-12));
        assertThat(value(metrics, "rewards/rejected")).isCloseTo(-0.025, within(1e-12));
        assertThat(value(metrics, "rewards/margins")).isCloseTo(0.325, within(1e-12));
        assertThat(value(metrics, "rewards/accuracies")).isEqualTo(0.5);
        assertThat(value(metrics, "rewards/pairs")).isEqualTo(2);
    }

    @Test
    void anUpdateWithoutPolicyGradientHasNoFiguresOfIt() {
        TrainingStep.Outcome outcome =
                new TrainingStep.Outcome(0.2, 0, 0, 0, 0.2, 0, 1.5, 40, List.of(), List.of(), List.of(), 1, List.of());

        assertThat(UpdateMetrics.put(new StepMetrics(), outcome, 1e-3, PLAIN).values())
                .containsOnlyKeys(
                        "actor/loss", "actor/pg_loss", "actor/ce_loss", "actor/grad_norm", "actor/lr", "actor/updates");
    }
}
