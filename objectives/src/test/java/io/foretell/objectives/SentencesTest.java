package io.foretell.objectives;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentencesTest {
    private static final Sentences SENTENCES = new Sentences(Sentences.ABBREVIATIONS);

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "I met Dr. Smith. He was fine.;I met Dr. Smith.|He was fine.",
                "See Fig. 3, e.g. Lee et al. (2020). It is small.;See Fig. 3, e.g. Lee et al. (2020).|It is small.",
                "Ask (Mr. Lee) now. J. K. Rowling wrote it.;Ask (Mr. Lee) now.|J. K. Rowling wrote it.",
                "It costs 3.5 dollars. Then 4. and 5.;It costs 3.5 dollars.|Then 4. and 5.",
                "She said \"Go.\" Then she left. (Really.) Yes!;She said \"Go.\"|Then she left.|(Really.)|Yes!",
                "Hmm... maybe. Wait... What?!  Ok.;Hmm... maybe.|Wait...|What?!|Ok.",
                "今日は晴れです。明日は雨です。そうですか？はい！;今日は晴れです。|明日は雨です。|そうですか？|はい！",
                "她说：“你好。”然后走了。;她说：“你好。”|然后走了。",
                "नमस्ते। आप कैसे हैं।;नमस्ते।|आप कैसे हैं।",
                "no sentence end here;no sentence end here",
                "It ends with Dr.;It ends with Dr.",
                "   ;",
            })
    void sentencesAreWhereUnicodeSaysButNotAfterAbbreviations(String text, String expected) {
        List<String> sentences = expected == null ? List.of() : List.of(expected.split("\\|"));

        assertThat(SENTENCES.texts(text)).isEqualTo(sentences);
    }

    @Test
    void aBlankLineEndsASentenceAndALineDoesNot() {
        assertThat(SENTENCES.texts("A title\n\nIt begins\nhere. It\r\n \r\nends.\n\n\n"))
                .containsExactly("A title", "It begins\nhere.", "It", "ends.");
    }

    @Test
    void abbreviationsAreThoseGiven() {
        Sentences german = new Sentences(List.of("Abb."));

        assertThat(german.texts("Vgl. Abb. Neun. Und Dr. Wu.")).containsExactly("Vgl.", "Abb. Neun.", "Und Dr.", "Wu.");
    }

    @Test
    void nothingButWhiteSpaceIsLeftOut() {
        long seed = 5909;
        Random random = new Random(seed);
        List<String> parts =
                List.of("Dr. ", "A", "b c", ". ", "?", "!\n", "\n\n", " ", "。", "\"", "é", "\uD83D\uDE00", "3.");
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(20); n > 0; n--) {
                text.append(parts.get(random.nextInt(parts.size())));
            }
            int at = 0;
            for (Sentences.SentenceRange span : SENTENCES.split(text.toString())) {
                assertThat(text.substring(at, span.from()))
                        .as("%s, seed %d", text, seed)
                        .isBlank();
                assertThat(span.of(text.toString()))
                        .isNotBlank()
                        .isEqualTo(span.of(text.toString()).strip());
                at = span.to();
            }
            assertThat(text.substring(at)).as("%s, seed %d", text, seed).isBlank();
        }
    }
}
