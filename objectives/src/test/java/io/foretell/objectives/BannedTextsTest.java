package io.foretell.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class BannedTextsTest {
    private static final BannedTexts BANNED =
            new BannedTexts("here", Fixtures.Numbers.TAGGED, List.of("ab", "abc", "cc"));

    private static int count(String text) {
        return BANNED.count(Fixtures.Numbers.TAGGED.encode(text));
    }

    @Test
    void everyTokenOfABannedTextCountsOnce() {
        assertThat(count("")).isZero();
        assertThat(count("ba")).isZero();
        assertThat(count("xabx")).isEqualTo(2);
        assertThat(count("abab")).isEqualTo(4);
        assertThat(count("xabcc")).isEqualTo(4); // abc and cc share a letter
        assertThat(count("cccc")).isEqualTo(4);
        assertThat(BANNED.isIn(Fixtures.Numbers.TAGGED.encode("xcc"))).isTrue();
        assertThat(BANNED.isIn(Fixtures.Numbers.TAGGED.encode("xc"))).isFalse();
    }

    @Test
    void thereMustBeSomethingToLookFor() {
        for (List<String> texts : List.of(List.<String>of(), List.of("a", ""))) {
            assertThatThrownBy(() -> new BannedTexts("eval.banned", Fixtures.Numbers.TAGGED, texts))
                    .hasMessage("eval.banned must list at least one text, and no empty one");
        }
    }
}
