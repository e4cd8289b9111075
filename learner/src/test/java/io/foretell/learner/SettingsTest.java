package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.policy.HuggingFaceTokenizer;
import java.nio.file.Path;
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
            true
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
                (boolean) v[18]);
    }

    static List<Arguments> wrong() {
        return List.of(
                Arguments.of(0, 0, "learner.prompts_per_step is 0 but must be at least 1"),
                Arguments.of(1, -1.0, "learner.learning_rate is -1.0 but must be 0 or more"),
                Arguments.of(1, Double.NaN, "learner.learning_rate is NaN but must be 0 or more"),
                Arguments.of(1, Double.POSITIVE_INFINITY, "learner.learning_rate is Infinity but must be 0 or more"),
                Arguments.of(
                        2, "step", "learner.lr_schedule is step but must be one of [constant, linear, cosine, wsd]"),
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
                Arguments.of(13, "cispo", "learner.loss_mode is cispo but must be vanilla"),
                Arguments.of(
                        14,
                        "mean",
                        "learner.loss_agg_mode is 'mean' but must be 'seq-mean-token-mean' or 'token-mean'"),
                Arguments.of(15, "gae", "learner.adv_estimator is 'gae' but must be one of [rloo, grpo, dr_grpo]"),
                Arguments.of(16, -1, "learner.max_off_policy_steps is -1 but must be 0 or more"),
                Arguments.of(17, 0, "learner.max_tokens_per_micro_batch is 0 but must be at least 1"));
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
            LearnerRun run = Runs.run(tokenizer, 1, Runs.phase("ntp", 3), Runs.phase("rlp", 2));
            LearnerRun endless = Runs.run(tokenizer, 1, Runs.phase("ntp", 3), Runs.phase("rlp", null));

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
            LearnerRun run = Runs.run(tokenizer, 2, Runs.phase("ntp", 3), Runs.phase("rlp", null));

            assertThat(BatchVocabulary.lines(run, 8, 24, 6))
                    .containsExactly(
                            "phase 0 ntp: 3 steps × 4 tasks, 2 optimizer step(s) per batch",
                            "phase 1 rlp: endless × 4 tasks × 8 rollouts = 32 sequences of at most 31 tokens,"
                                    + " 2 optimizer step(s) per batch");
            assertThat(BatchVocabulary.sentence(run))
                    .isEqualTo("phase 0 ntp: 3 steps × 4 tasks, 2 optimizer step(s) per batch;"
                            + " phase 1 rlp: endless × 4 tasks, 2 optimizer step(s) per batch");
        }
    }
}
