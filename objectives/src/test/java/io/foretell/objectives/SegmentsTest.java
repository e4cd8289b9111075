package io.foretell.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fixture's tokenizer makes one token of each character. */
class SegmentsTest {
    private static final Tokenizer CHARACTERS = Fixtures.Numbers.TAGGED;

    private static Segments segments(List<String> ends, List<String> banned) {
        return new Segments(CHARACTERS, ends, banned);
    }

    private static Segments.Segment segment(String text, double score) {
        return new Segments.Segment(CHARACTERS.encode(text), score);
    }

    @Test
    void aSegmentIsBadWhenItHoldsABannedText() {
        Segments segments = segments(List.of(".", "\n"), List.of("damn", "#"));

        assertThat(segments.split(CHARACTERS.encode("well. damn it.\nda.mn #\nend")))
                .containsExactly(
                        segment("well.", 0),
                        segment(" damn it.", 1),
                        segment("\n", 0),
                        segment("da.", 0),
                        segment("mn #\n", 1),
                        segment("end", 0));
        assertThat(segments.averageScore(CHARACTERS.encode("a.#.c.d"))).isEqualTo(0.25);
        assertThat(segments.split(TokenArray.EMPTY)).isEmpty();
        assertThat(segments.averageScore(TokenArray.EMPTY)).isZero();
    }

    @Test
    void segmentsAgreeWithASearchInTheText() {
        long seed = 230208582;
        Random random = new Random(seed);
        Segments segments = segments(List.of("."), List.of("ab", "bba"));
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = 1 + random.nextInt(20); length > 0; length--) {
                text.append("ab.".charAt(random.nextInt(3)));
            }
            String[] pieces = text.toString().split("(?<=\\.)");
            double bad = 0;
            for (String piece : pieces) {
                bad += piece.contains("ab") || piece.contains("bba") ? 1 : 0;
            }

            assertThat(segments.averageScore(CHARACTERS.encode(text.toString())))
                    .as("'%s', seed %d", text, seed)
                    .isEqualTo(bad / pieces.length);
        }
    }

    @Test
    void aRuleThatCannotBeFollowedIsRefused() {
        assertThatThrownBy(() -> segments(List.of("\n"), List.of())).hasMessageContaining("'banned'");
        assertThatThrownBy(() -> segments(List.of("\n"), List.of(""))).hasMessageContaining("'banned'");
        assertThatThrownBy(() -> segments(List.of("ab"), List.of("x")))
                .hasMessage("phases: a segment can only end with a single token, but 'ab' is 2");
    }
}
