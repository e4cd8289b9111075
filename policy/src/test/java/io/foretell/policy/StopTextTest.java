package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.TokenizerFiles;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StopTextTest {
    private static final String[] LETTERS = {"a", "b", "é", "€", "😀", "日", " "};

    /** Every token is some bytes, cut anywhere. */
    private static final class Pieces implements Tokenizer {
        final List<byte[]> pieces = new ArrayList<>();

        int add(byte[] piece) {
            pieces.add(piece);
            return pieces.size() - 1;
        }

        @Override
        public String decode(TokenArray tokens) {
            ByteBuffer bytes = ByteBuffer.allocate(1 << 12);
            for (int token : tokens.toArray()) {
                bytes.put(pieces.get(token));
            }
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }

        @Override
        public TokenArray encode(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public OptionalInt idOf(String token) {
            return OptionalInt.empty();
        }

        @Override
        public OptionalInt beginOfText() {
            return OptionalInt.empty();
        }

        @Override
        public OptionalInt endOfText() {
            return OptionalInt.empty();
        }

        @Override
        public int vocabularySize() {
            return pieces.size();
        }

        @Override
        public String fingerprint() {
            return "";
        }
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(LETTERS[random.nextInt(LETTERS.length)]);
        }
        return text.toString();
    }

    /** Cuts the bytes of {@code text} anywhere. */
    private static int[] cut(Random random, Pieces pieces, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        List<Integer> tokens = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int next = Math.min(bytes.length, at + 1 + random.nextInt(5));
            tokens.add(pieces.add(java.util.Arrays.copyOfRange(bytes, at, next)));
            at = next;
        }
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void theStopIsTheFirstOneInTheTextWhereverTokensAreCut() {
        for (long seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            String whole = text(random, random.nextInt(40));
            List<String> stops = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                stops.add(text(random, 1 + random.nextInt(4)));
            }
            Pieces pieces = new Pieces();
            int[] tokens = cut(random, pieces, whole);
            StopText watched = new StopText(pieces, stops, 0);
            int used = 0;
            boolean reached = false;
            while (!reached && used < tokens.length) {
                reached = watched.isReached(new int[] {tokens[used++]});
                String soFar = watched.text();
                assertThat(whole).as("seed %d", seed).startsWith(soFar);
                assertThat(soFar).as("seed %d", seed).doesNotContain("\ufffd");
            }
            String seen = pieces.decode(TokenArray.of(java.util.Arrays.copyOf(tokens, used)));
            int first = stops.stream()
                    .mapToInt(seen::indexOf)
                    .filter(at -> at >= 0)
                    .min()
                    .orElse(-1);
            if (reached) {
                assertThat(watched.text()).as("seed %d", seed).isEqualTo(seen.substring(0, first));
                assertThat(seen.substring(first)).as("seed %d", seed).startsWith(watched.reached());
                String before = pieces.decode(TokenArray.of(java.util.Arrays.copyOf(tokens, used - 1)));
                assertThat(stops).as("seed %d", seed).noneMatch(before::contains);
            } else {
                assertThat(watched.text()).as("seed %d", seed).isEqualTo(whole);
                assertThat(stops).as("seed %d", seed).noneMatch(whole::contains);
            }
        }
    }

    @Test
    void aStopThatIsCompleteTooEarlyDoesNotCount() {
        Pieces pieces = new Pieces();
        int x = pieces.add(new byte[] {'x'});
        int y = pieces.add(new byte[] {'y'});
        StopText watched = new StopText(pieces, List.of("xy"), 3);
        assertThat(watched.isReached(new int[] {x, y})).isFalse();
        assertThat(watched.isReached(new int[] {x})).isFalse();
        assertThat(watched.isReached(new int[] {y})).isTrue();
        assertThat(watched.text()).isEqualTo("xy");
    }

    @Test
    void halfACharacterAtTheEndIsNotInTheText() {
        Pieces pieces = new Pieces();
        int a = pieces.add(new byte[] {'a'});
        int half = pieces.add(new byte[] {(byte) 0xe2, (byte) 0x82});
        StopText watched = new StopText(pieces, List.of("\ufffd"), 0);
        assertThat(watched.isReached(new int[] {a, half})).isFalse();
        assertThat(watched.text()).isEqualTo("a");
    }

    @Test
    void aRealTokenizersTextIsItsDecodedText(@TempDir Path folder) throws Exception {
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
            String text = "naïve 😀 text, <think>日本</think> and more";
            StopText watched = new StopText(tokenizer, List.of("no such text"), 0);
            assertThat(watched.isReached(tokenizer.encode(text).toArray())).isFalse();
            assertThat(watched.text()).isEqualTo(text);
            StopText stopped = new StopText(tokenizer, List.of("本<"), 0);
            assertThat(stopped.isReached(tokenizer.encode(text).toArray())).isTrue();
            assertThat(stopped.text()).isEqualTo("naïve 😀 text, <think>日");
        }
    }

    @Test
    void anEmptyStopIsRefused() {
        assertThatThrownBy(() -> new StopText(new Pieces(), List.of(""), 0)).isInstanceOf(PolicyException.class);
    }
}
