package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.learner.checkpoint.CheckpointSettings;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.losses.Cispo;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.KlEstimator;
import io.foretell.losses.KlTerm;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.RolloutCorrection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** LearnerSettings, PhaseSettings, EvaluationSettings, LearnerRun and the sentences made of them. */
class SettingsTest {
    /** The settings of {@link Runs} with the number at {@code place} replaced. */
    private static LearnerSettings with(int place, Object value) {
        Object[] v = {
            4,
            1e-3,
            "constant",
            0,
            0.0,
            0.9,
            0.95,
            1e-8,
            0.1,
            1.0,
            1,
            0.2,
            0.2,
            "vanilla",
            "token-mean",
            "rloo",
            4,
            64,
            true,
            null,
            null,
            0.0,
            false,
            0.001,
            "low_var_kl",
            null,
            "kl"
        };
        v[place] = value;
        return new LearnerSettings(
                (int) v[0],
                (double) v[1],
                (String) v[2],
                (int) v[3],
                (double) v[4],
                (double) v[5],
                (double) v[6],
                (double) v[7],
                (double) v[8],
                (double) v[9],
                (int) v[10],
                (double) v[11],
                (double) v[12],
                (String) v[13],
                (String) v[14],
                (String) v[15],
                (int) v[16],
                (int) v[17],
                (boolean) v[18],
                (Double) v[19],
                (Double) v[20],
                (double) v[21],
                (boolean) v[22],
                (double) v[23],
                (String) v[24],
                Runs.BYPASS,
                new LearnerSettings.FilterGroups(false),
                (Integer) v[25],
                Runs.SCHEDULE,
                Runs.UNGUARDED,
                false,
                (String) v[26],
                Runs.FIXED_KL,
                Duration.ofHours(1));
    }

    static List<Arguments> wrong() {
        return List.of(
                Arguments.of(0, 0, "learner.prompts_per_step is 0 but must be at least 1"),
                Arguments.of(1, -1.0, "learner.learning_rate is -1.0 but must be 0 or more"),
                Arguments.of(1, Double.NaN, "learner.learning_rate is NaN but must be 0 or more"),
                Arguments.of(1, Double.POSITIVE_INFINITY, "learner.learning_rate is Infinity but must be 0 or more"),
                Arguments.of(
                        2,
                        "step",
                        "learner.lr_schedule is step but must be one of [constant, linear, cosine, wsd, infinite]"),
                Arguments.of(3, -1, "learner.warmup_steps is -1 but must be 0 or more"),
                Arguments.of(4, 1.1, "learner.min_lr_ratio is 1.1 but must be 0 to 1"),
                Arguments.of(5, 1.0, "learner.beta1 is 1.0 but must be 0 to below 1"),
                Arguments.of(6, -0.1, "learner.beta2 is -0.1 but must be 0 to below 1"),
                Arguments.of(7, 0.0, "learner.epsilon is 0.0 but must be above 0"),
                Arguments.of(8, -0.1, "learner.weight_decay is -0.1 but must be 0 or more"),
                Arguments.of(9, 0.0, "learner.max_grad_norm is 0.0 but must be above 0"),
                Arguments.of(10, 0, "learner.ppo_epochs is 0 but must be at least 1"),
                Arguments.of(11, 1.5, "learner.clip_ratio_low is 1.5 but must be above 0 to 1"),
                Arguments.of(12, 0.0, "learner.clip_ratio_high is 0.0 but must be above 0"),
                Arguments.of(
                        13, "ppo", "learner.loss_mode is 'ppo' but must be one of [cispo, gpg, gspo, sapo, vanilla]"),
                Arguments.of(
                        13,
                        "gspo",
                        "learner.loss_agg_mode is token-mean but must be seq-mean-token-mean where learner.loss_mode is"
                                + " gspo, whose loss is one number per sequence"),
                Arguments.of(
                        14,
                        "mean",
                        "learner.loss_agg_mode is 'mean' but must be one of [seq-mean-token-mean, token-mean,"
                                + " seq-mean-token-sum, seq-mean-token-sum-norm]"),
                Arguments.of(
                        14,
                        "seq-mean-token-sum-norm",
                        "learner.loss_scale_factor is null but must be above 0, or null where learner.loss_agg_mode is"
                                + " not seq-mean-token-sum-norm"),
                Arguments.of(
                        15,
                        "gae",
                        "learner.adv_estimator is 'gae' but must be one of [rloo, grpo, dr_grpo, opo, grpo_passk, max_rl]"),
                Arguments.of(16, -1, "learner.max_off_policy_steps is -1 but must be 0 or more"),
                Arguments.of(17, 0, "learner.max_tokens_per_micro_batch is 0 but must be at least 1"),
                Arguments.of(19, 1.0, "learner.clip_ratio_c is 1.0 but must be above 1, or null"),
                Arguments.of(
                        20,
                        0.0,
                        "learner.loss_scale_factor is 0.0 but must be above 0, or null where learner.loss_agg_mode is"
                                + " not seq-mean-token-sum-norm"),
                Arguments.of(21, -0.1, "learner.entropy_coeff is -0.1 but must be 0 or more"),
                Arguments.of(23, 0.0, "learner.kl_loss_coef is 0.0 but must be above 0"),
                Arguments.of(
                        24,
                        "k4",
                        "learner.kl_loss_type is 'k4' but must be k1 (kl), k2 (mse), k3 (low_var_kl) or abs, with +"
                                + " behind it for the gradient of k2"),
                Arguments.of(
                        25,
                        3,
                        "learner.ppo_mini_batch_size is 3 but must be a divisor of learner.prompts_per_step = 4 groups,"
                                + " or null for all of them"),
                Arguments.of(
                        26,
                        "k3+",
                        "learner.kl_penalty is 'k3+' but must be k1 (kl), k2 (mse), k3 (low_var_kl) or abs"));
    }

    @Test
    void schedulesAndGuardsThatCannotBeGiveOneSentence() {
        assertThatThrownBy(() -> new ScheduleSettings(0, 0, 10, 0))
                .hasMessageContaining("learner.schedule")
                .hasMessageContaining("constant_ratio");
        assertThatThrownBy(() -> new BatchGuardSettings(-1.0, 64, 5))
                .hasMessageContaining("learner.batch_guard")
                .hasMessageContaining("z_score");
        assertThatThrownBy(() -> new CheckpointSettings(1, 1, true, Duration.ZERO, 0))
                .hasMessageContaining("ckpt.timeout");
        assertThatThrownBy(() -> new CheckpointSettings(1, 3, true, Duration.ofSeconds(1), 4))
                .hasMessageContaining("ckpt.average_last is 4");
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void aSettingThatCannotBeGivesOneSentence(int place, Object value, String sentence) {
        assertThat(with(0, 4)).isNotNull();
        assertThatThrownBy(() -> with(place, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(sentence);
    }

    @Test
    void aControlOfTheDivergenceThatCannotBeGivesOneSentence() {
        String section = "learner.kl_ctrl.";
        assertThatThrownBy(() -> new KlControlSettings("pid", 0.1, 10, 0.1))
                .hasMessage(section + "type is pid but must be one of [fixed, adaptive]");
        assertThatThrownBy(() -> new KlControlSettings("fixed", 0, 10, 0.1))
                .hasMessage(section + "kl_coef is 0.0 but must be above 0");
        assertThatThrownBy(() -> new KlControlSettings("adaptive", 0.1, 0, 0.1))
                .hasMessage(section + "horizon is 0.0 but must be at least 1");
        assertThatThrownBy(() -> new KlControlSettings("adaptive", 0.1, 10, -1))
                .hasMessage(section + "target_kl is -1.0 but must be above 0");
    }

    @Test
    void aCorrectionThatCannotBeGivesOneSentence() {
        String section = "learner.rollout_correction.";
        assertThatThrownBy(() -> new RolloutCorrectionSettings(true, "token", 2, "none", 2, null))
                .hasMessage(section + "rollout_is and rollout_rs correct the difference between sampler and learner,"
                        + " which bypass_mode leaves in the clipped ratio: set " + section + "bypass_mode to false");
        assertThatThrownBy(() -> new RolloutCorrectionSettings(false, "geometric", 2, "none", 2, null))
                .hasMessage(section + "rollout_is is 'geometric' but must be one of [none, token, sequence]");
        assertThatThrownBy(() -> new RolloutCorrectionSettings(false, "none", 2, "tokens", 2, null))
                .hasMessage(section + "rollout_rs is 'tokens' but must be one of [none, token, sequence, geometric]");
        assertThatThrownBy(() -> new RolloutCorrectionSettings(false, "token", 0, "none", 2, null))
                .hasMessage(section + "rollout_is_threshold is 0.0 but must be above 0");
        assertThatThrownBy(() -> new RolloutCorrectionSettings(false, "token", 2, "token", 1, null))
                .hasMessage(section + "rollout_rs_threshold is 1.0 but must be above 0 and above"
                        + " rollout_rs_threshold_lower, which is 1.0");
    }

    @Test
    void aCorrectionReachesTheLoss() {
        LearnerSettings bypass = Runs.settings("rloo", 1, 64);
        LearnerSettings corrected = Runs.settings(
                "rloo", 1, 64, "cispo", 0.5, true, new RolloutCorrectionSettings(false, "token", 3, "token", 4, null));

        assertThat(bypass.loss()).isEqualTo(PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)));
        assertThat(corrected.loss())
                .isEqualTo(new PolicyGradientLoss(
                        new Cispo(0.2, 0.2),
                        true,
                        new RolloutCorrection(RolloutCorrection.Level.TOKEN, 3, RolloutCorrection.Level.TOKEN, 0.25, 4),
                        new KlTerm(KlEstimator.K3, true, 0.1),
                        0.5));
    }

    @Test
    void aPhaseThatCannotBeGivesOneSentence() {
        assertThatThrownBy(() -> Runs.phase(null, 1)).hasMessageContaining("each phase needs an 'objective'");
        assertThatThrownBy(() -> Runs.phase(" ", 1)).hasMessageContaining("each phase needs an 'objective'");
        assertThatThrownBy(() -> Runs.phase("rlp", 0))
                .hasMessageContaining("'steps' of rlp is 0 but must be at least 1");
        assertThatThrownBy(() -> new PhaseSettings("rlp", 1, null, null, "step", null, null))
                .hasMessageContaining("'lr_schedule' of rlp is 'step'");
        assertThatThrownBy(() -> new PhaseSettings("rlp", 1, null, -1.0, null, null, null))
                .hasMessageContaining("'learning_rate' of rlp is -1.0");
        assertThatThrownBy(() -> new PhaseSettings("rlp", 1, null, Double.NaN, null, null, null))
                .hasMessageContaining("'learning_rate' of rlp is NaN");
        assertThatThrownBy(() -> new PhaseSettings("rlp", 1, null, null, null, -1, null))
                .hasMessageContaining("'warmup_steps' of rlp is -1");
    }

    @Test
    void anOptionWithoutAValueGivesOneSentence() {
        Map<String, Object> options = new HashMap<>();
        options.put("horizon", null);

        assertThatThrownBy(() -> new PhaseSettings("rlp", 1, null, null, null, null, options))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("phases: option 'horizon' of rlp has no value");
        assertThatThrownBy(() -> new PhaseSettings("rlp", 1, Arrays.asList("plain", null), null, null, null, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("phases: 'domains' of rlp has an entry without a value");
    }

    @Test
    void whatAPhaseLeavesOutIsEmpty() {
        List<String> domains = new ArrayList<>(List.of("plain"));
        PhaseSettings phase = new PhaseSettings("ntp", null, domains, null, null, null, null);
        domains.clear();

        assertThat(phase.domains()).containsExactly("plain");
        assertThat(phase.options()).isEmpty();
        assertThat(phase.groups(64)).isEqualTo(Long.MAX_VALUE);
        assertThat(Runs.phase("ntp", 100_000_000).groups(1000)).isEqualTo(100_000_000_000L);
    }

    @Test
    void anEvaluationNeedsDocumentsAndSamples() {
        assertThatThrownBy(() -> new EvaluationSettings(-1, true, 1, 1, List.of()))
                .hasMessageContaining("interval");
        assertThatThrownBy(() -> new EvaluationSettings(0, true, 0, 1, List.of()))
                .hasMessageContaining("document");
        assertThatThrownBy(() -> new EvaluationSettings(0, true, 1, 0, List.of()))
                .hasMessageContaining("sample");
    }

    @Test
    void aRunKnowsWhichPhaseAStepBelongsTo(@TempDir Path folder) {
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.openFile(Runs.tokenizerFile(folder))) {
            TrainingPlan run = Runs.run(tokenizer, 1, Runs.phase("ntp", 3), Runs.phase("rlp", 2));
            TrainingPlan endless = Runs.run(tokenizer, 1, Runs.phase("ntp", 3), Runs.phase("rlp", null));

            assertThat(run.totalSteps()).isEqualTo(5);
            assertThat(List.of(1L, 3L, 4L, 5L, 6L)).extracting(run::phaseOf).containsExactly(0, 0, 1, 1, 2);
            assertThat(List.of(0, 1, 2)).extracting(run::stepsBefore).containsExactly(0L, 3L, 5L);
            assertThat(endless.totalSteps()).isEqualTo(Long.MAX_VALUE);
            assertThat(endless.phaseOf(1_000_000_000_000L)).isEqualTo(1);
        }
    }

    @Test
    void aBatchIsDescribedInOneLinePerPhase(@TempDir Path folder) {
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.openFile(Runs.tokenizerFile(folder))) {
            TrainingPlan run = Runs.run(tokenizer, 2, Runs.phase("ntp", 3), Runs.phase("rlp", null));

            assertThat(BatchDescription.lines(run, 8, 24, 6))
                    .containsExactly(
                            "phase 0 ntp: 3 steps × 4 tasks, 2 optimizer step(s) per batch",
                            "phase 1 rlp: endless × 4 tasks × 8 rollouts = 32 sequences of at most 31 tokens,"
                                    + " 2 optimizer step(s) per batch");
            assertThat(BatchDescription.sentence(run))
                    .isEqualTo("phase 0 ntp: 3 steps × 4 tasks, 2 optimizer step(s) per batch;"
                            + " phase 1 rlp: endless × 4 tasks, 2 optimizer step(s) per batch");
        }
    }
}
