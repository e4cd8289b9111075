package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.reward.TextRule.Text;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TextRuleTest {
    private static double of(TextRule rule, String response) {
        return rule.score(new Text("the cat sat on the mat", response, "and  purred\nloudly"));
    }

    @Test
    void anExactMatchForgivesWhiteSpaceOnly() {
        assertThat(of(new TextRule.ExactMatch(), " and purred loudly ")).isEqualTo(1);
        assertThat(of(new TextRule.ExactMatch(), "and purred")).isZero();
        assertThat(of(new TextRule.ExactMatch(), "And purred loudly")).isZero();
    }

    @Test
    void aPatternIsFoundAnywhere() {
        TextRule digits = new TextRule.Regex(Pattern.compile("\\d+"));

        assertThat(of(digits, "it is 42.")).isEqualTo(1);
        assertThat(of(digits, "it is nothing")).isZero();
    }

    @Test
    void aLengthOutsideFallsOffWithItsDistance() {
        TextRule length = new TextRule.Length(2, 4);

        assertThat(List.of(
                        of(length, ""),
                        of(length, "a"),
                        of(length, "a b"),
                        of(length, "a b c d"),
                        of(length, "a b c d e f g h")))
                .containsExactly(0.0, 0.5, 1.0, 1.0, 0.5);
        assertThatThrownBy(() -> new TextRule.Length(3, 2)).hasMessageContaining("from 3 to 2");
    }

    @Test
    void aLanguageIsRecognized() {
        String german = "Der Hund lief schnell durch den Wald, weil er den Hasen gesehen hatte.";
        String english = "The dog ran quickly through the wood because it had seen the hare.";

        assertThat(of(new TextRule.Language("de"), german)).isGreaterThan(0.9);
        assertThat(of(new TextRule.Language("en"), english)).isGreaterThan(0.9);
        assertThat(of(new TextRule.Language("en"), german)).isLessThan(0.1);
        assertThat(of(new TextRule.Language("en"), "")).isZero();
        assertThatThrownBy(() -> new TextRule.Language("xx")).hasMessageContaining("no language 'xx'");
    }

    @Test
    void noveltyCountsWhatIsNeitherInThePromptNorRepeated() {
        TextRule pairs = new TextRule.Novelty(2);

        assertThat(of(pairs, "a dog barked")).isEqualTo(1);
        assertThat(of(pairs, "The Cat sat")).isZero();
        assertThat(of(pairs, "no no no no")).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(of(pairs, "the cat barked")).isEqualTo(0.5);
        assertThat(of(pairs, "one")).isZero();
    }

    @Test
    void bannedWordsAreWholeWordsInAnyCase() {
        TextRule banned = TextRule.Banned.of(List.of("ass", "über all", "c++"));

        assertThat(of(banned, "a class of glass")).isEqualTo(1);
        assertThat(of(banned, "An ASS!")).isZero();
        assertThat(of(banned, "Über all das")).isZero();
        assertThat(of(banned, "in C++, that")).isZero();
        assertThatThrownBy(() -> TextRule.Banned.of(List.of(" "))).hasMessageContaining("blank");
    }
}
