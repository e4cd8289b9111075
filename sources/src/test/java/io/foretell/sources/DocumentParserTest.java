package io.foretell.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Document;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentParserTest {
    private final DocumentParser parser = new DocumentParser(1000);

    @Test
    void textIsCleanedAndFurtherFieldsAreKept() {
        Document document = parse("{\"id\":\"a\",\"text\":\"\\r\\n \\nx \\u0007y\\t\\r\\n\\r\\n e\\u0301 \\n\\n\","
                + "\"domain\":\"web\",\"meta\":{\"n\":1,\"b\":true},\"url\":\"u\",\"tags\":[1,2],\"none\":null}");
        assertThat(document)
                .isEqualTo(new Document(
                        "a", "x y\n\n \u00e9", "web", Map.of("n", "1", "b", "true", "url", "u", "tags", "[1,2]")));
    }

    @Test
    void documentWithoutIdIsKnownByTheHashOfItsCleanedText() {
        Document document = parse("{\"text\":\" abc \"}");
        assertThat(document.id()).isEqualTo(Sha256.hex(Sha256.of(" abc")));
        assertThat(parse("{\"text\":\" abc\",\"id\":null}").id()).isEqualTo(document.id());
    }

    @Test
    void onlyAnUnchangedTextIsCalledUnchanged() {
        assertThat(parser.parseRecord(bytes("{\"text\":\"a\\n b\"}")).isUnchanged())
                .isTrue();
        assertThat(parser.parseRecord(bytes("{\"text\":\"a \"}")).isUnchanged()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]|INVALID_REQUEST|not a JSON object",
                "`not json`|INVALID_REQUEST|not valid JSON",
                "`{\"text\":\"a\"`|INVALID_REQUEST|not valid JSON",
                "`{\"text\":\"a\"} {}`|INVALID_REQUEST|one object only",
                "{}|UNPROCESSABLE|no text",
                "`{\"text\":1}`|UNPROCESSABLE|not a string",
                "`{\"text\":null}`|UNPROCESSABLE|not a string",
                "`{\"text\":\" \\n\\t\"}`|UNPROCESSABLE|blank",
                "`{\"text\":\"\\u00a0\\u0000\",\"id\":\"x\"}`|UNPROCESSABLE|blank",
                "`{\"text\":\"a\",\"text\":\"b\"}`|UNPROCESSABLE|twice",
                "`{\"text\":\"a\\ud800b\"}`|UNPROCESSABLE|surrogate",
                "`{\"text\":\"a\",\"id\":\"\"}`|UNPROCESSABLE|id",
                "`{\"text\":\"a\",\"id\":7}`|UNPROCESSABLE|not a string",
                "`{\"text\":\"a\",\"domain\":{}}`|UNPROCESSABLE|not a string",
                "`{\"text\":\"a\",\"meta\":[]}`|UNPROCESSABLE|not an object",
                "`{\"text\":\"a\",\"meta\":{\"x\":{}}}`|UNPROCESSABLE|not flat",
            })
    void badDocumentIsRejectedWithASentence(String json, ErrorCode code, String words) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOfSatisfying(
                        RejectedDocumentException.class,
                        e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(words);
    }

    @Test
    void tooLargeTextIsRejectedWithBothSizes() {
        assertThatThrownBy(() -> parse("{\"text\":\"" + "\u20ac".repeat(334) + "\"}"))
                .hasMessageContaining("1002")
                .hasMessageContaining("1000");
        assertThat(parse("{\"text\":\"" + "\u20ac".repeat(333) + "\"}").text()).hasSize(333);
    }

    @Test
    void wrongEncodingIsRejected() {
        byte[] latin = "{\"text\":\"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> parser.parse(latin)).hasMessageContaining("UTF-8");
        byte[] overlong = {'{', '"', 't', 'e', 'x', 't', '"', ':', '"', (byte) 0xc0, (byte) 0x80, '"', '}'};
        assertThatThrownBy(() -> parser.parse(overlong)).hasMessageContaining("UTF-8");
    }

    @Test
    void replacementCharacterThatWasWrittenIsKept() {
        assertThat(parse("{\"text\":\"a\ufffdb\"}").text()).isEqualTo("a\ufffdb");
    }

    @Test
    void deepNestingIsRejected() {
        assertThatThrownBy(() -> parse("{\"x\":" + "[".repeat(2000) + "]".repeat(2000) + ",\"text\":\"a\"}"))
                .isInstanceOf(RejectedDocumentException.class);
    }

    @Test
    void cleaningTwiceChangesNothingMore() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String alphabet = "ab \t\n\r\u0000\u0085\u00e9e\u0301\u212b\u1100\u1161\u11a8\u00a0";
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(12); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String once = TextCleaner.clean(text.toString());
            assertThat(TextCleaner.clean(once)).as("seed %d", seed).isSameAs(once);
        }
    }

    @Test
    void hostileBytesAreRejectedAndNothingElse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] good = bytes("{\"id\":\"a\",\"text\":\"some text\\n more\",\"meta\":{\"n\":1.5e3},\"x\":[1,{}]}");
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = good.clone();
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                parser.parse(bytes);
            } catch (RejectedDocumentException e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private Document parse(String json) {
        return parser.parse(bytes(json));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
