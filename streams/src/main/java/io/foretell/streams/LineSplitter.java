package io.foretell.streams;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Splits a body that arrives in chunks into lines, without their breaks. Confined to one thread. */
final class LineSplitter {
    /** A line, numbered from 1. */
    record Line(long number, byte[] bytes) {}

    private final int maxBytes;
    private final LongConsumer tooLong;
    private Buffer rest = Buffer.buffer(); // the beginning of a line whose end has not arrived
    private boolean isSkipping;
    private long lines;

    /**
     * @param maxBytes of a line; longer ones are skipped
     * @param tooLong hears the number of each line that is skipped
     */
    LineSplitter(int maxBytes, LongConsumer tooLong) {
        this.maxBytes = maxBytes;
        this.tooLong = tooLong;
    }

    /** The lines that {@code chunk} completes. */
    List<Line> split(Buffer chunk) {
        List<Line> whole = new ArrayList<>();
        byte[] bytes = chunk.getBytes();
        int from = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                byte[] end = Arrays.copyOfRange(bytes, from, i);
                lines++;
                if (!isSkipping) {
                    whole.add(new Line(lines, rest.length() == 0 ? end : withRest(end)));
                }
                isSkipping = false;
                from = i + 1;
            }
        }
        if (!isSkipping) {
            keep(bytes, from);
        }
        return whole;
    }

    /** What follows the last line break of the body. */
    Optional<Line> last() {
        return rest.length() == 0 ? Optional.empty() : Optional.of(new Line(++lines, withRest(new byte[0])));
    }

    private byte[] withRest(byte[] end) {
        byte[] line = rest.appendBytes(end).getBytes();
        rest = Buffer.buffer();
        return line;
    }

    private void keep(byte[] bytes, int from) {
        rest.appendBytes(bytes, from, bytes.length - from);
        if (rest.length() > maxBytes) {
            tooLong.accept(lines + 1);
            rest = Buffer.buffer();
            isSkipping = true;
        }
    }
}
