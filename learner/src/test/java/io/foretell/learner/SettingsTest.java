package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.losses.Cispo;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.KlEstimator;
import io.foretell.losses.KlTerm;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.RolloutCorrection;
import io.foretell.losses.Sapo;
import io.foretell.platform.ConfigurationException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sections about training, the plan of a run, and the sentences made of them. */
class SettingsTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "prompts_per_step=0     | prompts_per_step is 0 but must be at least 1",
                "learning_rate=-1       | learning_rate is -1.0 but must be 0 or more",
                "learning_rate=.nan     | learning_rate is NaN but must be 0 or more",
                "learning_rate=.inf     | learning_rate is Infinity but must be 0 or more",
                "lr_schedule=step       | lr_schedule is 'step' but must be one of [constant, linear, cosine, wsd, infinite]",
                "warmup_steps=-1        | warmup_steps is -1 but must be 0 or more",
                "min_lr_ratio=1.1       | min_lr_ratio is 1.1 but must be 0 to 1",
                "beta1=1                | beta1 is 1.0 but must be 0 to below 1",
                "beta2=-0.1             | beta2 is -0.1 but must be 0 to below 1",
                "epsilon=0              | epsilon is 0.0 but must be above 0",
                "weight_decay=-0.1      | weight_decay is -0.1 but must be 0 or more",
                "max_grad_norm=0        | max_grad_norm is 0.0 but must be above 0",
                "ppo_epochs=0           | ppo_epochs is 0 but must be at least 1",
                "clip_ratio_low=1.5     | clip_ratio_low is 1.5 but must be above 0 to 1",
                "clip_ratio_high=0      | clip_ratio_high is 0.0 but must be above 0",
                "loss_mode=ppo          | loss_mode is 'ppo' but must be one of [cispo, gpg, gspo, sapo, vanilla]",
                "loss_agg_mode=mean     | loss_agg_mode is 'mean' but must be one of [seq-mean-token-mean, token-mean,"
                        + " seq-mean-token-sum, seq-mean-token-sum-norm]",
                "loss_agg_mode=seq-mean-token-sum-norm | loss_scale_factor is null but must be above 0, or null where"
                        + " learner.loss_agg_mode is not seq-mean-token-sum-norm",
                "adv_estimator=gae      | adv_estimator is 'gae' but must be one of"
                        + " [rloo, grpo, dr_grpo, opo, grpo_passk, max_rl]",
                "max_off_policy_steps=-1 | max_off_policy_steps is -1 but must be 0 or more",
                "stale=keep             | stale is 'keep' but must be one of [drop, down_weight]",
                "stale_decay=1          | stale_decay is 1.0 but must be above 0 and below 1",
                "max_tokens_per_micro_batch=0 | max_tokens_per_micro_batch is 0 but must be at least 1",
                "clip_ratio_c=1         | clip_ratio_c is 1.0 but must be above 1, or null",
                "loss_scale_factor=0    | loss_scale_factor is 0.0 but must be above 0, or null where"
                        + " learner.loss_agg_mode is not seq-mean-token-sum-norm",
                "entropy_coeff=-0.1     | entropy_coeff is -0.1 but must be 0 or more",
                "kl_loss_coef=0         | kl_loss_coef is 0.0 but must be above 0",
                "kl_loss_type=k4        | kl_loss_type is 'k4' but must be k1 (kl), k2 (mse), k3 (low_var_kl) or abs,"
                        + " with + behind it for the gradient of k2",
                "kl_penalty=k3+         | kl_penalty is 'k3+' but must be k1 (kl), k2 (mse), k3 (low_var_kl) or abs",
                "ppo_mini_batch_size=3  | ppo_mini_batch_size is 3 but must be a divisor of learner.prompts_per_step"
                        + " = 4 groups, or null for all of them",
                "spawned_timeout=0      | spawned_timeout is 0ms but must be above 0",
                "batch_guard.z_score=-1 | batch_guard.z_score is -1.0 but must be above 0, or null",
                "batch_guard.window=1   | batch_guard.window is 1 but must be at least 2",
                "batch_guard.max_consecutive=0 | batch_guard.max_consecutive is 0 but must be at least 1",
                "kl_ctrl.type=pid       | kl_ctrl.type is 'pid' but must be one of [fixed, adaptive]",
                "kl_ctrl.kl_coef=0      | kl_ctrl.kl_coef is 0.0 but must be above 0",
                "kl_ctrl.horizon=0      | kl_ctrl.horizon is 0.0 but must be at least 1",
                "kl_ctrl.target_kl=-1   | kl_ctrl.target_kl is -1.0 but must be above 0",
            })
    void aWrongValueOfTheLearnerGivesOneSentence(String override, String sentence) {
        assertThatThrownBy(() -> Runs.settings(override))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("learner." + sentence);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "learner={loss_mode: gspo, loss_agg_mode: token-mean} | learner.loss_agg_mode is 'token-mean' but must be"
                        + " seq-mean-token-mean where learner.loss_mode is gspo, whose loss is one number per sequence",
                "learner={loss_mode: sapo, loss_options: {tau_positive: 2}} | learner.loss_options: loss 'sapo' has no option"
                        + " 'tau_positive'; it knows [tau_neg, tau_pos]; did you mean 'tau_pos'?",
                "learner.loss_options={tau_pos: 2} | learner.loss_options: loss 'vanilla' has no option 'tau_pos'; it"
                        + " knows []",
                "learner={loss_mode: sapo, loss_options: {tau_pos: null}} | learner.loss_options.tau_pos is null but must"
                        + " be a value",
                "learner={loss_mode: gpg, clip_ratio_c: 3} | learner.loss_mode is 'gpg' but must be vanilla where"
                        + " learner.clip_ratio_c is set",
                "ckpt.timeout=0         | ckpt.timeout is 0ms but must be above 0",
                "ckpt.average_last=4    | ckpt.average_last is 4 but must be from 0 to ckpt.keep_last = 2",
                "buffer.sampling=best   | buffer.sampling is 'best' but must be one of [oldest, freshest, uniform]",
                "buffer.replay_share=1  | buffer.replay_share is 1.0 but must be 0 to below 1",
                "buffer.replay_groups=0 | buffer.replay_groups is 0 but must be at least 1",
                "buffer.max_bytes=1023KiB | buffer.max_bytes is 1023KiB but must be at least 1MiB",
                "teacher.ema_decay=1.5  | teacher.ema_decay is 1.5 but must be 0 to 1",
            })
    void aWrongValueElsewhereGivesOneSentence(String override, String sentence) {
        assertThatThrownBy(() -> Runs.training(override))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(sentence);
    }

    @Test
    void aScheduleThatIsImpossibleGivesOneSentence() {
        assertThatThrownBy(() -> Runs.settings("schedule.constant_ratio=0"))
                .hasMessageContaining("learner.schedule")
                .hasMessageContaining("constant_ratio");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{rollout_is: token} | rollout_is and rollout_rs correct the difference between sampler and learner, which"
                        + " bypass_mode leaves in the clipped ratio: set learner.rollout_correction.bypass_mode to false",
                "{bypass_mode: false, rollout_is: geometric} | rollout_is is 'geometric' but must be one of [none, token,"
                        + " sequence]",
                "{bypass_mode: false, rollout_rs: tokens} | rollout_rs is 'tokens' but must be one of [none, token,"
                        + " sequence, geometric]",
                "{bypass_mode: false, rollout_is: token, rollout_is_threshold: 0} | rollout_is_threshold is 0.0 but must"
                        + " be above 0",
                "{bypass_mode: false, rollout_rs: token, rollout_rs_threshold: 1} | rollout_rs_threshold is 1.0 but must"
                        + " be above 0 and above rollout_rs_threshold_lower, which is 1.0",
            })
    void aCorrectionThatIsImpossibleGivesOneSentence(String correction, String sentence) {
        assertThatThrownBy(() -> Runs.settings("rollout_correction=" + correction))
                .hasMessageStartingWith("learner.rollout_correction." + sentence);
    }

    @Test
    void aCorrectionReachesTheLoss() {
        LearnerSettings bypass = Runs.settings();
        LearnerSettings corrected = Runs.settings(
                "loss_mode=cispo",
                "entropy_coeff=0.5",
                "use_kl_loss=true",
                "rollout_correction={bypass_mode: false, rollout_is: token, rollout_is_threshold: 3, rollout_rs: token,"
                        + " rollout_rs_threshold: 4}");

        assertThat(bypass.policyGradientLoss()).isEqualTo(PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)));
        assertThat(corrected.policyGradientLoss())
                .isEqualTo(new PolicyGradientLoss(
                        new Cispo(0.2, 0.2),
                        true,
                        new RolloutCorrection(RolloutCorrection.Level.TOKEN, 3, RolloutCorrection.Level.TOKEN, 0.25, 4),
                        new KlTerm(KlEstimator.K3, true, 0.1),
                        0.5));
    }

    @Test
    void optionsReachTheirLoss() {
        assertThat(Runs.settings("loss_mode=sapo", "loss_options.tau_neg=2").policyGradientLoss())
                .isEqualTo(PolicyGradientLoss.of(new Sapo(1, 2)));
    }

    @Test
    void staleGroupsWeighLessWithEveryStepBeyondTheLimit() {
        OffPolicySettings kept = Runs.settings("stale=down_weight", "stale_decay=0.25", "max_off_policy_steps=3")
                .offPolicy();
        assertThat(List.of(0L, 3L, 4L, 5L)).extracting(kept::weight).containsExactly(1.0, 1.0, 0.25, 0.0625);
        assertThat(Runs.settings().offPolicy().weight(99)).isEqualTo(1);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{steps: 1} | phases: each phase needs an 'objective'",
                "{objective: ' '} | phases: each phase needs an 'objective'",
                "{objective: rlp, steps: 0} | phases: 'steps' of rlp is 0 but must be at least 1",
                "{objective: rlp, lr_schedule: step} | phases: 'lr_schedule' of rlp is 'step'",
                "{objective: rlp, learning_rate: -1} | phases: 'learning_rate' of rlp is -1.0",
                "{objective: rlp, learning_rate: .nan} | phases: 'learning_rate' of rlp is NaN",
                "{objective: rlp, warmup_steps: -1} | phases: 'warmup_steps' of rlp is -1",
                "{objective: rlp, options: {horizon: null}} | phases: option 'horizon' of rlp has no value",
                "{objective: rlp, domains: [plain, null]} | phases: 'domains' of rlp has an entry without a value",
            })
    void aPhaseThatIsImpossibleGivesOneSentence(String phase, String sentence) {
        assertThatThrownBy(() -> Runs.training("phases=[" + phase + "]"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(sentence);
    }

    @Test
    void whatAPhaseLeavesOutIsEmpty() {
        List<String> domains = new ArrayList<>(List.of("plain"));
        PhaseSettings phase = new PhaseSettings("ntp", null, domains, null, null, null, null);
        domains.clear();

        assertThat(phase.domains()).containsExactly("plain");
        assertThat(phase.options()).isEmpty();
        assertThat(phase.groups(64)).isEqualTo(Long.MAX_VALUE);
        PhaseSettings many = Runs.training("phases=[{objective: ntp, steps: 100000000}]")
                .phases()
                .get(0);
        assertThat(many.groups(1000)).isEqualTo(100_000_000_000L);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"eval.interval=-1, interval", "eval.documents=0, document", "eval.samples=0, sample"})
    void anEvaluationNeedsDocumentsAndSamples(String override, String word) {
        assertThatThrownBy(() -> Runs.training(override)).hasMessageContaining(word);
    }

    @Test
    void aStrictlyOnPolicyRunKeepsNoStaleGroups(@TempDir Path folder) {
        TrainingSettings training = Runs.training("learner.stale=down_weight");
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.openFile(Runs.tokenizerFile(folder))) {
            TrainingPlan async = Runs.run(tokenizer);
            assertThatThrownBy(() -> new TrainingPlan(
                            async.identity(),
                            training,
                            async.objectives(),
                            async.shaping(),
                            true,
                            4,
                            1,
                            async.policyOptions()))
                    .hasMessageStartingWith("learner.stale is down_weight but run.mode is sync");
        }
    }

    @Test
    void aRunKnowsWhichPhaseAStepBelongsTo(@TempDir Path folder) {
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.openFile(Runs.tokenizerFile(folder))) {
            TrainingPlan run = Runs.run(tokenizer, "phases=[{objective: ntp, steps: 3}, {objective: rlp, steps: 2}]");
            TrainingPlan endless = Runs.run(tokenizer, "phases=[{objective: ntp, steps: 3}, {objective: rlp}]");

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
            TrainingPlan run = Runs.run(
                    tokenizer, "phases=[{objective: ntp, steps: 3}, {objective: rlp}]", "learner.ppo_epochs=2");

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
