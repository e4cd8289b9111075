package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.SamplingPlan;
import io.foretell.domain.TokenArray;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OptionsTest {
    @Test
    void anUnknownOptionIsNamedBesideThoseThatExist() {
        assertThatThrownBy(() -> Objectives.builtIn().create("rlp", settings(64, Map.of("horizn", 2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("phases: objective 'rlp' has no option 'horizn'; it knows [close, discount, horizon,"
                        + " min_prefix, next_token_weight, open, rehearse, truncated_reward]");
        assertThatThrownBy(() -> Objectives.builtIn().create("ntp", settings(64, Map.of("horizon", 2))))
                .hasMessage("phases: objective 'ntp' has no option 'horizon'; it knows [inserted]");
    }

    static List<Arguments> wrong() {
        return List.of(
                Arguments.of("horizon", "two", "a number of at least 1"),
                Arguments.of("horizon", 0, "a number of at least 1"),
                Arguments.of("horizon", 1.5, "a whole number"),
                Arguments.of("horizon", Double.NaN, "a number of at least 1"),
                Arguments.of("min_prefix", -1, "a number of at least 1"),
                Arguments.of("min_prefix", true, "a number of at least 1"),
                Arguments.of("discount", 1.1, "a number 0.0 to 1.0"),
                Arguments.of("discount", Double.NaN, "a number 0.0 to 1.0"),
                Arguments.of("discount", List.of(1), "a number 0.0 to 1.0"),
                Arguments.of("next_token_weight", -0.1, "a number of at least 0"),
                Arguments.of("next_token_weight", Double.NaN, "a number of at least 0"),
                Arguments.of("next_token_weight", Double.POSITIVE_INFINITY, "a number of at least 0"),
                Arguments.of("rehearse", "plain", "a list of texts"),
                Arguments.of("rehearse", List.of("plain", 3), "a list of texts"),
                Arguments.of("open", 3, "text"),
                Arguments.of("open", "", "text"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void anOptionOfTheWrongKindGivesOneSentence(String key, Object value, String expected) {
        assertThatThrownBy(() -> Objectives.builtIn().create("rlp", settings(64, Map.of(key, value))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "phases: option '" + key + "' of objective 'rlp' is " + value + " but must be " + expected);
    }

    @Test
    void whatHappensToTruncatedThoughtsIsOneOfTwoWords() {
        assertThatThrownBy(() -> Objectives.builtIn().create("rlp", settings(64, Map.of("truncated_reward", "zero"))))
                .hasMessage(
                        "phases: option 'truncated_reward' of objective 'rlp' is zero but must be one of [score, none]");
    }

    @Test
    void aTokenizerWithoutTheTagsIsNamedAsTheReason() {
        ObjectiveSettings plain = new ObjectiveSettings(
                new Fixtures.Numbers(Map.of("<|think|>", 5), OptionalInt.empty()), 4, 1f, 64, 16, Map.of());

        assertThatThrownBy(() -> Objectives.builtIn().create("rlp", plain))
                .hasMessage("phases: the tokenizer has no single token '<think>'; name one that it has");
        assertThatThrownBy(() ->
                        Objectives.builtIn().create("ntp", settings(64, Map.of("inserted", List.of("<tool>")))))
                .hasMessage("phases: the tokenizer has no single token '<tool>'; name one that it has");
    }

    @Test
    void otherTagsMayBeNamed() {
        Fixtures.Numbers tags = new Fixtures.Numbers(Map.of("[", 5, "]", 6), OptionalInt.empty());
        Rlp rlp = new Rlp(new ObjectiveSettings(tags, 2, 1f, 64, 16, Map.of("open", "[", "close", "]")));

        SamplingPlan plan = rlp.sampling(TokenArray.of(1), TokenArray.of(2)).orElseThrow();

        assertThat(plan.context()).isEqualTo(TokenArray.of(1, 5));
        assertThat(plan.stopToken()).isEqualTo(6);
    }

    @Test
    void oneThoughtHasNothingToBeComparedWith() {
        ObjectiveSettings single = new ObjectiveSettings(Fixtures.Numbers.TAGGED, 1, 1f, 64, 16, Map.of());

        assertThatThrownBy(() -> Objectives.builtIn().create("rlp", single)).hasMessageContaining("rollout.n is 1");
        assertThat(Objectives.builtIn().create("ntp", single).isSampled()).isFalse();
    }

    @Test
    void anUnknownObjectiveIsNamedBesideTheKnownOnes() {
        assertThatThrownBy(() -> Objectives.builtIn().create("rlq", settings(64, Map.of())))
                .hasMessageMatching("phases: there is no objective 'rlq'; known are \\[.*ntp.*rlp.*]");
    }
}
