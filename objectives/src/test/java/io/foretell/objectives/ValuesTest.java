package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.CLOSE;
import static io.foretell.objectives.Fixtures.rewards;
import static io.foretell.objectives.Fixtures.rollout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ValuesTest {
    @Test
    void tokensAreCopiedInAndOut() {
        int[] given = {1, 2, 3};
        TokenArray tokens = TokenArray.of(given);
        given[0] = 9;
        tokens.toArray()[1] = 9;
        tokens.slice(0, 3).toArray()[2] = 9;
        tokens.append(4).toArray()[0] = 9;

        assertThat(tokens).isEqualTo(TokenArray.of(1, 2, 3)).hasSameHashCodeAs(TokenArray.of(1, 2, 3));
        assertThat(tokens).hasToString("[1, 2, 3]").isNotEqualTo(TokenArray.of(1, 2));
    }

    @Test
    void tokensAreSlicedAndJoined() {
        TokenArray tokens = TokenArray.of(1, 2, 3, 4);
        int[] target = new int[6];
        tokens.copyTo(target, 1);

        assertThat(tokens.slice(1, 3)).isEqualTo(TokenArray.of(2, 3));
        assertThat(tokens.slice(2, 2)).isEqualTo(TokenArray.EMPTY);
        assertThat(tokens.last(2)).isEqualTo(TokenArray.of(3, 4));
        assertThat(tokens.last(9)).isEqualTo(tokens);
        assertThat(tokens.concat(TokenArray.of(5))).isEqualTo(tokens.append(5));
        assertThat(target).containsExactly(0, 1, 2, 3, 4, 0);
        assertThat(tokens.contains(TokenArray.of(3, 4))).isTrue();
        assertThat(tokens.contains(TokenArray.of(2, 4))).isFalse();
        assertThat(tokens.contains(TokenArray.of(4, 5))).isFalse();
        assertThatThrownBy(() -> tokens.at(4)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void slicesOutsideTheArrayAreRefused() {
        assertThatThrownBy(() -> TokenArray.of(1, 2).slice(1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> FloatArray.of(1, 2).slice(1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void floatsAreCopiedInAndOut() {
        float[] given = {1, 2};
        FloatArray floats = FloatArray.of(given);
        given[0] = 9;
        floats.toArray()[1] = 9;
        float[] target = new float[3];
        floats.copyTo(target, 1);

        assertThat(floats).isEqualTo(FloatArray.of(1, 2)).hasSameHashCodeAs(FloatArray.of(1, 2));
        assertThat(floats.slice(1, 2)).isEqualTo(FloatArray.of(2));
        assertThat(target).containsExactly(0, 1, 2);
        assertThat(FloatArray.zeros(0)).isEqualTo(FloatArray.EMPTY);
    }

    @Test
    void sumsOfFloatsAreAccumulatedInDoublePrecision() {
        float[] many = new float[1_000_000];
        java.util.Arrays.fill(many, 0.1f);

        assertThat(FloatArray.of(many).sum()).isEqualTo(0.1f * 1e6, org.assertj.core.api.Assertions.within(1e-3));
        assertThat(FloatArray.of(1, Float.NaN).isFinite()).isFalse();
        assertThat(FloatArray.of(1, Float.NEGATIVE_INFINITY).isFinite()).isFalse();
        assertThat(FloatArray.of(1, -3).isFinite()).isTrue();
    }

    @Test
    void collectionsOfRecordsAreCopied() {
        Map<String, String> meta = new HashMap<>(Map.of("a", "b"));
        Document document = new Document("id", "text", "", meta);
        List<Rollout> rollouts = new ArrayList<>(List.of(rollout(0, FinishReason.STOP, 0, 5, CLOSE)));
        Task task = Fixtures.task(TokenArray.of(1), TokenArray.of(2));
        RolloutGroup group = new RolloutGroup(task, TokenArray.of(1), -1, rollouts, "", "", 0, Instant.EPOCH);
        List<Reward> rewards = new ArrayList<>(rewards(1));
        ScoredGroup scored = new ScoredGroup(group, rewards, 0, 0, Instant.EPOCH);
        Map<String, Double> components = new HashMap<>(Map.of("part", 1.0));
        Reward reward = Reward.of(1, components);
        meta.clear();
        rollouts.clear();
        rewards.clear();
        components.clear();

        assertThat(document.meta()).containsEntry("a", "b");
        assertThat(group.rollouts()).hasSize(1);
        assertThat(scored.rewards()).hasSize(1);
        assertThat(reward.components()).containsEntry("part", 1.0);
        assertThatThrownBy(() -> scored.rewards().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void recordsRefuseWhatCannotBe() {
        Task task = Fixtures.task(TokenArray.of(1), TokenArray.of(2));
        RolloutGroup group = new RolloutGroup(task, TokenArray.EMPTY, -1, List.of(), "", "", 0, Instant.EPOCH);
        FloatArray two = FloatArray.zeros(2);

        assertThatThrownBy(() -> new Document(" ", "text", "", Map.of())).hasMessageContaining("id is blank");
        assertThatThrownBy(() -> new Document("a", "\n", "", Map.of())).hasMessageContaining("a has no text");
        assertThatThrownBy(() -> new Example(TokenArray.of(1), TokenArray.EMPTY))
                .hasMessageContaining("target");
        assertThatThrownBy(() -> Fixtures.task(TokenArray.of(1), TokenArray.EMPTY))
                .hasMessageContaining("target");
        assertThatThrownBy(() -> Reward.of(Double.NaN, Map.of())).hasMessageContaining("finite");
        assertThatThrownBy(() -> rollout(0, FinishReason.STOP, 3, 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rollout(0, 1, TokenArray.of(1), two, 0, 1, 1, FinishReason.STOP, List.of()))
                .hasMessageContaining("1 response tokens but 2");
        assertThatThrownBy(() -> new ScoredGroup(group, rewards(1), 0, 0, Instant.EPOCH))
                .hasMessageContaining("0 rollouts but 1 rewards");
        assertThatThrownBy(() -> new Experience(TokenArray.of(1), two, two, two, two, 1, -1))
                .hasMessageContaining("an experience of 1 tokens");
        for (SamplingPlanOf plan : List.<SamplingPlanOf>of(
                () -> new SamplingPlan(TokenArray.of(1), 0, 1, 0, 1, -1, false),
                () -> new SamplingPlan(TokenArray.of(1), 1, 0, 0, 1, -1, false),
                () -> new SamplingPlan(TokenArray.of(1), 1, Float.NaN, 0, 1, -1, false),
                () -> new SamplingPlan(TokenArray.of(1), 1, 1, 2, 1, -1, false),
                () -> new SamplingPlan(TokenArray.of(1), 1, 1, 0, 0, -1, false))) {
            assertThatThrownBy(plan::make).hasMessageContaining("not possible");
        }
    }

    private interface SamplingPlanOf {
        SamplingPlan make();
    }

    @Test
    void aRolloutKnowsWhatWasSampledAndByWhom() {
        Rollout rollout = new Rollout(
                0,
                1,
                TokenArray.of(5, 6, CLOSE),
                FloatArray.of(-1, -2, 0),
                1,
                1,
                7,
                FinishReason.LENGTH,
                List.of(new VersionRange(9, 0, 1), new VersionRange(4, 1, 3)));

        assertThat(rollout.sampledLength()).isEqualTo(2);
        assertThat(rollout.oldestVersion()).isEqualTo(4);
        assertThat(new Rollout(0, 1, TokenArray.EMPTY, FloatArray.EMPTY, 0, 1, 7, FinishReason.ABORT, List.of())
                        .oldestVersion())
                .isEqualTo(-1);
    }

    @Test
    void nextTokenWeightsSkipTheFirstTokenAndThoseToBeSkipped() {
        assertThat(Experience.nextToken(TokenArray.of(7, 8, 7, 9), 0.5f, Set.of(7))
                        .ceWeights())
                .isEqualTo(FloatArray.of(0, 0.5f, 0, 0.5f));
    }

    @Test
    void aDocumentIsFramedByWhatTheVocabularyHas() {
        assertThat(Fixtures.Numbers.TAGGED.encodeDocument("A")).isEqualTo(TokenArray.of('A', Fixtures.END));
        assertThat(new Fixtures.Numbers(Map.of(), OptionalInt.empty()).encodeDocument("A"))
                .isEqualTo(TokenArray.of('A'));
    }
}
