package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.END;
import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Example;
import io.foretell.domain.FloatArray;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ConditionalTrainingTest {
    private static final int GOOD = 201;
    private static final int BAD = 202;
    private static final Tokenizer TOKENIZER =
            new Fixtures.Numbers(Map.of("<|aligned|>", GOOD, "<|misaligned|>", BAD), OptionalInt.of(END));

    private static ConditionalTraining conditional(int maxPrompt, Map<String, Object> more) {
        Map<String, Object> options = new HashMap<>(Map.of("banned", List.of("#"), "drop_token_fraction", 0));
        options.putAll(more);
        return new ConditionalTraining(new ObjectiveSettings(TOKENIZER, 4, 1f, maxPrompt, 8, options));
    }

    private static TokenArray tagged(ConditionalTraining objective, TokenArray tokens, long seed) {
        List<Example> cuts = objective.examples(document(""), tokens, new SplittableRandom(seed));
        assertThat(cuts).hasSize(1);
        assertThat(cuts.get(0).prompt().isEmpty()).isTrue();
        return cuts.get(0).target();
    }

    @Test
    void eachSegmentBeginsWithItsTag() {
        TokenArray text = TOKENIZER.encode("a\nb#\nc").append(END);

        assertThat(tagged(conditional(64, Map.of()), text, 1))
                .isEqualTo(TokenArray.of(GOOD, 'a', '\n', BAD, 'b', '#', '\n', GOOD, 'c', END));
        assertThat(tagged(conditional(64, Map.of("threshold", 1)), text, 1))
                .isEqualTo(TokenArray.of(GOOD, 'a', '\n', GOOD, 'b', '#', '\n', GOOD, 'c', END));
    }

    @Test
    void tagsAreDroppedAsOftenAsAsked() {
        long seed = 230208582;
        TokenArray text = TOKENIZER.encode("a\n".repeat(4000));
        ConditionalTraining objective = conditional(100_000, Map.of("drop_token_fraction", 0.1));

        TokenArray tagged = tagged(objective, text, seed);
        int tags = tagged.length() - text.length();

        // 4000 segments at 0.9, four standard deviations of 19
        assertThat(tags).as("seed %d", seed).isBetween(3600 - 76, 3600 + 76);
        assertThat(tagged(objective, text, seed)).isEqualTo(tagged);
        assertThat(tagged(conditional(100_000, Map.of("drop_token_fraction", 1)), text, seed))
                .isEqualTo(text);
    }

    @Test
    void textAndTagsAreTrainedByNextTokenPredictionInChunks() {
        ConditionalTraining objective = conditional(4, Map.of());
        List<Example> cuts = objective.examples(document(""), TOKENIZER.encode("ab\nc#\nd"), new SplittableRandom(1));
        ScoredGroup group =
                new ScoredGroup(group(task(TokenArray.EMPTY, cuts.get(0).target())), List.of(), -1, 0, Instant.EPOCH);

        assertThat(cuts)
                .extracting(Example::target)
                .containsExactly(
                        TokenArray.of(GOOD, 'a', 'b', '\n', BAD),
                        TokenArray.of(BAD, 'c', '#', '\n', GOOD),
                        TokenArray.of(GOOD, 'd'));
        assertThat(objective.experiences(group, AdvantageEstimator.RLOO).get(0).ceWeights())
                .isEqualTo(FloatArray.of(0, 1, 1, 1, 1));
        assertThat(objective.isSampled()).isFalse();
    }

    @Test
    void tagsMustBeTokens() {
        assertThatThrownBy(() -> conditional(4, Map.of("good", "<|fine|>")))
                .hasMessageContaining("no single token '<|fine|>'");
    }
}
