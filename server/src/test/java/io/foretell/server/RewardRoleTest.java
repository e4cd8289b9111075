package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.objectives.Objective;
import io.foretell.objectives.Objectives;
import io.foretell.objectives.ProxyModels;
import io.foretell.platform.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RewardRoleTest {
    @TempDir
    private Path folder;

    private void check(String... overrides) throws IOException {
        ForetellConfig config =
                ForetellConfig.load(null, List.of(overrides), Map.of()).values();
        Path file = Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.openFile(file)) {
            List<Objective> objectives = Wiring.objectives(config, Objectives.builtIn(), tokenizer, ProxyModels.NONE);
            RewardRole.requireJudge(objectives, config.reward());
        }
    }

    @Test
    void aMethodThatAsksAJudgeNeedsOne() {
        assertThatThrownBy(() -> check("phases=[{objective: ntp, steps: 1}, {objective: rlpt}]"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("phases: objective 'rlpt' asks a judge (semantic_prefix) but none is configured: set"
                        + " reward.judge.base_url or reward.judge.policy");
        assertThatCode(() -> check("phases=[{objective: rlpt}]", "reward.judge.policy=folder"))
                .doesNotThrowAnyException();
        assertThatCode(() -> check("phases=[{objective: rlpt, options: {verdict: rule}}]"))
                .doesNotThrowAnyException();
    }

    @Test
    void anUnknownOptionOfAMethodIsRefusedWithTheNearest() {
        assertThatThrownBy(() -> check("phases=[{objective: rlp, options: {horizn: 2}}]"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("phases: objective 'rlp' has no option 'horizn'; it knows [")
                .hasMessageEndingWith("]; did you mean 'horizon'?");
    }

    @Test
    void aRewardThatAnswersInARoleIsEnough() {
        assertThatCode(() -> check(
                        "phases=[{objective: rlpt}]",
                        "reward.rewards={clean: [{kind: banned, words: [darn]}]}",
                        "reward.judge_overrides={semantic_prefix: clean}"))
                .doesNotThrowAnyException();
    }
}
