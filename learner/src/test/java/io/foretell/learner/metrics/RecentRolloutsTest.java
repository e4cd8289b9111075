package io.foretell.learner.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.buffer.Groups;
import io.foretell.buffer.UnusedObjective;
import io.foretell.domain.Origin;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.learner.Runs;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Objective;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecentRolloutsTest {
    @TempDir
    static Path folder;

    private static HuggingFaceTokenizer tokenizer;

    @BeforeAll
    static void open() {
        tokenizer = HuggingFaceTokenizer.openFile(Runs.tokenizerFile(folder));
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private final Objective rlp = Runs.objective("rlp", tokenizer, Map.of());
    private final RecentRollouts recent = new RecentRollouts(tokenizer, AdvantageEstimator.RLOO);

    private static List<ScoredGroup> batch(int step, int size) {
        List<ScoredGroup> batch = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            batch.add(Groups.sampled(step + "-" + i, 0, 5));
        }
        return batch;
    }

    @Test
    void aGroupIsWrittenAsAPersonReadsIt() {
        recent.add(
                7,
                List.of(Groups.rewarded(
                        "g",
                        0,
                        5,
                        Reward.of(1, Map.of("score_baseline", -2.5, "information_gain", 1.0)),
                        Reward.failed("lost"),
                        Reward.of(3, Map.of()))),
                rlp);

        ObjectNode group = recent.newest(10).get(0);
        assertThat(group.path("group_id").asText()).isEqualTo("g");
        assertThat(group.path("step").asLong()).isEqualTo(7);
        assertThat(group.path("prefix").asText()).isEqualTo("so");
        assertThat(group.path("target").asText()).isEqualTo("is x0");
        assertThat(group.path("score_baseline").asDouble()).isEqualTo(-2.5);
        assertThat(group.path("rollouts")).hasSize(3);
        assertThat(group.path("rollouts").path(0).path("thought").asText()).isEqualTo("x1 x2");
        assertThat(group.path("rollouts").path(0).path("advantage").asDouble()).isEqualTo(-2);
        assertThat(group.path("rollouts").path(0).path("policy_version").asLong())
                .isEqualTo(5);
        assertThat(group.path("rollouts")
                        .path(0)
                        .path("components")
                        .path("information_gain")
                        .asDouble())
                .isEqualTo(1);
        assertThat(group.path("rollouts").path(1).path("status").asText()).isEqualTo("FAILED");
        assertThat(group.path("rollouts").path(1).path("reason").asText()).isEqualTo("lost");
        assertThat(group.path("rollouts").path(1).path("advantage").asDouble()).isZero();
    }

    @Test
    void candidatesAreShownWithTheirOriginAndWhoIsBestAndWorst() {
        ScoredGroup sampled = Groups.rewarded("g", 0, 5, Reward.of(1, Map.of()), Reward.of(2, Map.of()));
        RolloutGroup pool =
                sampled.group().with(List.of(Rollout.candidate(2, TokenArray.of(6, 7, 8), Origin.DOCUMENT)));
        recent.add(
                1,
                List.of(
                        sampled,
                        new ScoredGroup(
                                pool,
                                List.of(Reward.of(1, Map.of()), Reward.of(2, Map.of()), Reward.of(3, Map.of())),
                                5,
                                0,
                                Instant.EPOCH)),
                rlp);

        ObjectNode shown = recent.newest(1).get(0);
        assertThat(shown.path("rollouts").findValuesAsText("origin")).containsExactly("SAMPLED", "SAMPLED", "DOCUMENT");
        assertThat(shown.path("rollouts").path(0).path("rank").asText()).isEqualTo("worst");
        assertThat(shown.path("rollouts").path(1).has("rank")).isFalse();
        assertThat(shown.path("rollouts").path(2).path("rank").asText()).isEqualTo("best");
        assertThat(shown.path("rollouts").path(2).path("thought").asText()).isEqualTo("x3 x4 x5");
        assertThat(shown.path("rollouts").path(2).path("tokens").asInt()).isEqualTo(3);
        assertThat(recent.newest(2).get(1).findValues("rank")).as("no pool").isEmpty();
    }

    @Test
    void theNewestComeFirstAndTheOldestGo() {
        for (int step = 1; step <= 40; step++) {
            recent.add(step, batch(step, 12), rlp);
        }

        List<ObjectNode> newest = recent.newest(1000);
        assertThat(newest).hasSize(200);
        assertThat(newest.get(0).path("step").asLong()).isEqualTo(40);
        assertThat(newest.get(199).path("step").asLong()).as("8 per step").isEqualTo(16);
        assertThat(recent.newest(3)).hasSize(3);
        assertThat(recent.newest(0)).isEmpty();
    }

    @Test
    void theRoleOfATaskIsTold() {
        Objective roles = new UnusedObjective() {
            @Override
            public String role(Task task) {
                return "guesser";
            }
        };
        recent.add(1, List.of(Groups.sampled("g", 0, 5)), roles);

        assertThat(recent.newest(1).get(0).path("role").asText()).isEqualTo("guesser");
    }

    @Test
    void groupsWithoutRolloutsAreNotShown() {
        recent.add(1, List.of(Groups.plain("plain", 0)), rlp);

        assertThat(recent.newest(10)).isEmpty();
    }
}
