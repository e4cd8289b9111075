package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineSplitterTest {
    private final List<Long> tooLong = new ArrayList<>();
    private final LineSplitter splitter = new LineSplitter(6, tooLong::add);

    private List<String> split(String chunk) {
        return splitter.split(Buffer.buffer(chunk)).stream()
                .map(LineSplitterTest::text)
                .toList();
    }

    private static String text(LineSplitter.Line line) {
        return line.number() + ":" + new String(line.bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void aLineMaySpanSeveralChunks() {
        assertThat(split("a\nb")).containsExactly("1:a");
        assertThat(split("c")).isEmpty();
        assertThat(split("d\n\ne")).containsExactly("2:bcd", "3:");
        assertThat(splitter.last().map(LineSplitterTest::text)).contains("4:e");
    }

    @Test
    void aBodyThatEndsWithALineBreakHasNoLastLine() {
        assertThat(split("a\n")).containsExactly("1:a");
        assertThat(splitter.last()).isEmpty();
    }

    @Test
    void aLineThatIsTooLongIsReportedOnceAndSkippedToItsEnd() {
        assertThat(split("ok\n1234567")).containsExactly("1:ok");
        assertThat(split("890")).isEmpty();
        assertThat(split("1\nnext\n")).containsExactly("3:next");
        assertThat(tooLong).containsExactly(2L);
    }
}
