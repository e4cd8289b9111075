package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.settings;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FilteringTest {
    private static final SplittableRandom RANDOM = new SplittableRandom(1);
    private static final List<String> LINES = List.of("a\n", "b#\n", "c\n", "d\n");

    private static boolean isKept(double threshold, String text) {
        Objective filtering = Objectives.builtIn()
                .create("phf-filtering", settings(64, Map.of("banned", List.of("#"), "threshold", threshold)));
        return !filtering
                .examples(document(""), Fixtures.Numbers.TAGGED.encode(text), RANDOM)
                .isEmpty();
    }

    @Test
    void aDocumentIsKeptUpToTheThresholdOfItsAverageScore() {
        String text = String.join("", LINES);

        assertThat(isKept(0, "a\nb\n")).isTrue();
        assertThat(isKept(0, text)).isFalse();
        assertThat(isKept(0.2499, text)).isFalse();
        assertThat(isKept(0.25, text)).isTrue();
        assertThat(isKept(1, "###")).isTrue();
    }

    @Test
    void whatIsKeptIsTrainedByNextTokenPrediction() {
        Map<String, Object> options = Map.of("banned", List.of("#"));
        Objective filtering = new Filtering(settings(4, options));
        Objective plain = new NextTokenPrediction(settings(4, Map.of()));
        TokenArray text = Fixtures.Numbers.TAGGED.encode("abcdefghij");
        ScoredGroup group = new ScoredGroup(group(task(TokenArray.EMPTY, text)), List.of(), -1, 0, Instant.EPOCH);

        assertThat(filtering.examples(document(""), text, RANDOM))
                .isEqualTo(plain.examples(document(""), text, RANDOM));
        assertThat(filtering.experiences(group, AdvantageEstimator.GRPO))
                .isEqualTo(plain.experiences(group, AdvantageEstimator.GRPO));
        assertThat(filtering.isSampled()).isFalse();
        assertThat(Fixtures.sampling(filtering, group.task())).isEmpty();
    }

    @Test
    void withoutABannedTextThereIsNoRule() {
        assertThatThrownBy(() -> new Filtering(settings(4, Map.of()))).hasMessageContaining("'banned'");
    }
}
