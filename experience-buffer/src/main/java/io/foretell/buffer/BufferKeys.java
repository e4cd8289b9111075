package io.foretell.buffer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The families and the keys in them, big-endian so that their order is that of the numbers. Pure functions. */
final class BufferKeys {
    /** Sequence to body. */
    static final String GROUPS = "groups";
    /** Group id to {@link GroupState}. */
    static final String STATES = "states";
    /** Phase and sequence to group id, while it is usable. */
    static final String USABLE = "usable";
    /** Step and sequence to group id, while its body is stored. */
    static final String USED = "used";
    /** Place in the reservoir to group id; its body is stored. */
    static final String REPLAY = "replay";
    /** Group id to body, while it awaits others or is awaited. */
    static final String WAITING = "waiting";
    /** Counters, and the next offset per partition. */
    static final String META = "meta";

    static final List<String> FAMILIES = List.of(GROUPS, STATES, USABLE, USED, REPLAY, WAITING, META);

    static final byte[] COUNTERS = id("counters");
    private static final String POSITION = "position/";

    private BufferKeys() {}

    static byte[] body(long sequence) {
        return ByteBuffer.allocate(8).putLong(sequence).array();
    }

    static byte[] usable(int phase, long sequence) {
        return ByteBuffer.allocate(12).putInt(phase).putLong(sequence).array();
    }

    static byte[] used(long step, long sequence) {
        return ByteBuffer.allocate(16).putLong(step).putLong(sequence).array();
    }

    static byte[] id(String id) {
        return id.getBytes(StandardCharsets.UTF_8);
    }

    static String id(byte[] id) {
        return new String(id, StandardCharsets.UTF_8);
    }

    static byte[] position(int partition) {
        return id(POSITION + partition);
    }

    static byte[] firstPosition() {
        return id(POSITION);
    }

    /** The key behind the last position: ':' follows '9'. */
    static byte[] endOfPositions() {
        return id(POSITION + ':');
    }

    static int partition(byte[] position) {
        return Integer.parseInt(id(position).substring(POSITION.length()));
    }

    static byte[] offset(long next) {
        return body(next);
    }

    static long offset(byte[] value) {
        return ByteBuffer.wrap(value).getLong();
    }
}
