package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.TokenArray;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceTokenizerTest {
    @TempDir
    Path folder;

    private HuggingFaceTokenizer bytes() throws Exception {
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        return HuggingFaceTokenizer.open(folder);
    }

    @Test
    void everyTextIsItsBytes() throws Exception {
        try (HuggingFaceTokenizer tokenizer = bytes()) {
            List<String> texts = new ArrayList<>(List.of(
                    "",
                    " ",
                    "  two  spaces  ",
                    "\n\r\t\u000b\f",
                    "\u0000 in the middle\u0000",
                    "\u007f\u0080\u00a0\u00ad\u2028\ufeff\ufffd\uffff",
                    "Grüße, 世界",
                    "🙂👩‍👩‍👧‍👦🇫🇷",
                    "e\u0301 and \u00e9 are not made one",
                    "<think",
                    "<| endoftext |>",
                    "think>"));
            StringBuilder control = new StringBuilder();
            for (char c = 0; c < 256; c++) {
                control.append(c);
            }
            texts.add(control.toString());
            texts.add("long 🙂 ".repeat(5000 / 8) + "x".repeat(5000));
            Random random = new Random(51);
            for (int i = 0; i < 200; i++) {
                texts.add(random.ints(random.nextInt(40), 0, 0x110000)
                        .filter(c -> c < 0xd800 || c > 0xdfff)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString());
            }
            for (String text : texts) {
                TokenArray tokens = tokenizer.encode(text);
                byte[] expected = text.getBytes(StandardCharsets.UTF_8);
                assertThat(tokens.length()).as(text).isEqualTo(expected.length);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(tokens.at(i)).isEqualTo(expected[i] & 255);
                }
                assertThat(tokenizer.decode(tokens)).isEqualTo(text);
            }
        }
    }

    @Test
    void tagsAreSingleTokensAndAreDecodedAsWritten() throws Exception {
        try (HuggingFaceTokenizer tokenizer = bytes()) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(259);
            assertThat(tokenizer.endOfText()).hasValue(256);
            assertThat(tokenizer.idOf("<think>")).hasValue(257);
            assertThat(tokenizer.idOf("</think>")).hasValue(258);
            assertThat(tokenizer.idOf("<nothing>")).isEmpty();
            String text = "a<think> b</think>c<|endoftext|>";
            TokenArray tokens = tokenizer.encode(text);
            assertThat(tokens).isEqualTo(TokenArray.of('a', 257, ' ', 'b', 258, 'c', 256));
            assertThat(tokenizer.decode(tokens)).isEqualTo(text);
            assertThat(tokenizer.encodeDocument("a")).isEqualTo(TokenArray.of('a', 256));
        }
    }

    @Test
    void halfACharacterIsDecodedWithoutFailing() throws Exception {
        try (HuggingFaceTokenizer tokenizer = bytes()) {
            TokenArray smile = tokenizer.encode("🙂");
            assertThat(tokenizer.decode(smile.slice(0, 2))).isNotEmpty();
            assertThat(tokenizer.decode(TokenArray.of(0xff, 0x80))).isNotEmpty();
        }
    }

    @Test
    void wordsAreTokensOfAClosedVocabulary() throws Exception {
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.words(List.of("cat", "sat", "the")));
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
            assertThat(tokenizer.encode("the  cat\nsat quietly")).isEqualTo(TokenArray.of(3, 1, 2, 0));
            assertThat(tokenizer.encode("the <think> cat</think>sat")).isEqualTo(TokenArray.of(3, 6, 1, 7, 2));
            assertThat(tokenizer.decode(TokenArray.of(3, 1, 2, 5))).isEqualTo("the cat sat <|endoftext|>");
            assertThat(tokenizer.vocabularySize()).isEqualTo(8);
            assertThat(tokenizer.encodeDocument("cat")).isEqualTo(TokenArray.of(4, 1, 5));
        }
    }

    @Test
    void theFingerprintIsThatOfTheFile() throws Exception {
        try (HuggingFaceTokenizer tokenizer = bytes()) {
            assertThat(tokenizer.fingerprint()).hasSize(64);
            Files.write(folder.resolve("words.json"), TokenizerFiles.words(List.of("a")));
            try (HuggingFaceTokenizer other = HuggingFaceTokenizer.openFile(folder.resolve("words.json"))) {
                assertThat(other.fingerprint()).isNotEqualTo(tokenizer.fingerprint());
            }
        }
    }

    @Test
    void severalThreadsMayUseOneTokenizer() throws Exception {
        try (HuggingFaceTokenizer tokenizer = bytes()) {
            List<CompletableFuture<Void>> users = new ArrayList<>();
            for (int user = 0; user < 4; user++) {
                String text = ("user " + user + " 🙂 ").repeat(20);
                users.add(CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < 100; i++) {
                        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
                    }
                }));
            }
            CompletableFuture.allOf(users.toArray(CompletableFuture[]::new)).get();
        }
    }

    @Test
    void aFileThatIsNoTokenizerIsNamed() throws Exception {
        assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("tokenizer.json");
        for (String text : List.of("", "{}", "no JSON", "[]")) {
            Files.writeString(folder.resolve("tokenizer.json"), text);
            assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
                    .as(text)
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("tokenizer.json");
        }
    }
}
