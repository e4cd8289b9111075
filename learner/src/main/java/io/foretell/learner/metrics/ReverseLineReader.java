package io.foretell.learner.metrics;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The lines of a file from its last to its first, in memory a block at a time. What follows the last line break is no
 * line yet: somebody is writing it, or was. Confined to one thread.
 */
final class ReverseLineReader implements AutoCloseable {
    private static final int BLOCK = 64 * 1024;

    private final FileChannel channel;
    private long start; // where the window begins in the file
    private byte[] window = {};
    private int end; // behind the line break of the next line, within the window

    ReverseLineReader(Path file) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            this.start = channel.size();
            while (end == 0 && start > 0) {
                end = window.length;
                widen();
                end = lineBreakBefore(window.length) + 1;
            }
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * @param text without its line break
     * @param end where the next line begins in the file
     */
    record Line(String text, long end) {}

    /** The line before the last one given, until there is none. */
    Optional<Line> previous() throws IOException {
        if (end == 0) {
            return Optional.empty();
        }
        int before = lineBreakBefore(end - 1);
        while (before < 0 && start > 0) {
            widen();
            before = lineBreakBefore(end - 1);
        }
        String text = new String(window, before + 1, end - 1 - (before + 1), StandardCharsets.UTF_8);
        Line line = new Line(text, start + end);
        end = before + 1;
        return Optional.of(line);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private int lineBreakBefore(int index) {
        int i = index - 1;
        while (i >= 0 && window[i] != '\n') {
            i--;
        }
        return i;
    }

    /* Puts the block before the window in front of it, and drops what was given already. */
    private void widen() throws IOException {
        int more = (int) Math.min(BLOCK, start);
        ByteBuffer wider = ByteBuffer.allocate(more + end);
        wider.limit(more);
        while (wider.hasRemaining()) {
            if (channel.read(wider, start - more + wider.position()) < 0) {
                throw new IOException("the file became shorter while it was read");
            }
        }
        wider.limit(more + end);
        wider.put(window, 0, end);
        window = wider.array();
        start -= more;
        end += more;
    }
}
