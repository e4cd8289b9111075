package io.foretell.buffer;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What the buffer knows of a group for ever, also when its body is gone. Immutable.
 *
 * @param sequence its place in the order of arrival
 * @param phase the run's phase it belongs to
 * @param oldestVersion the oldest policy version among its tokens; -1 when nothing was sampled
 * @param bodyBytes size of its body while that is stored
 * @param fate what became of it
 */
record GroupState(long sequence, int phase, long oldestVersion, int bodyBytes, Fate fate) {
    private static final byte FORMAT = 1;
    private static final int FIXED_BYTES = 1 + 8 + 4 + 8 + 4 + 1;
    private static final byte USABLE = 0;
    private static final byte USED = 1;
    private static final byte DROPPED = 2;

    /** What became of a group. */
    sealed interface Fate {}

    /** It waits for its step. */
    record Usable() implements Fate {
        @Override
        public String toString() {
            return "USABLE";
        }
    }

    /** It was trained on at {@code step}. */
    record Used(long step) implements Fate {
        @Override
        public String toString() {
            return "USED " + step;
        }
    }

    /** It will never be trained on. */
    record Dropped(String reason) implements Fate {
        @Override
        public String toString() {
            return "DROPPED " + reason;
        }
    }

    GroupState with(Fate next) {
        return new GroupState(sequence, phase, oldestVersion, bodyBytes, next);
    }

    byte[] encode() {
        byte kind = USABLE;
        byte[] rest = new byte[0];
        if (fate instanceof Used used) {
            kind = USED;
            rest = ByteBuffer.allocate(Long.BYTES).putLong(used.step()).array();
        } else if (fate instanceof Dropped dropped) {
            kind = DROPPED;
            rest = dropped.reason().getBytes(StandardCharsets.UTF_8);
        }
        return ByteBuffer.allocate(FIXED_BYTES + rest.length)
                .put(FORMAT)
                .putLong(sequence)
                .putInt(phase)
                .putLong(oldestVersion)
                .putInt(bodyBytes)
                .put(kind)
                .put(rest)
                .array();
    }

    static GroupState decode(String id, byte[] bytes) {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        if (bytes.length < FIXED_BYTES || from.get() != FORMAT) {
            throw new ForetellException(
                    ErrorCode.CORRUPT, "the buffer's state of group " + id + " is not one that this program wrote");
        }
        return new GroupState(from.getLong(), from.getInt(), from.getLong(), from.getInt(), fate(id, from));
    }

    private static Fate fate(String id, ByteBuffer from) {
        byte kind = from.get();
        if (kind == USABLE) {
            return new Usable();
        }
        if (kind == USED && from.remaining() == Long.BYTES) {
            return new Used(from.getLong());
        }
        if (kind == DROPPED) {
            return new Dropped(StandardCharsets.UTF_8.decode(from).toString());
        }
        throw new ForetellException(ErrorCode.CORRUPT, "the buffer's state of group " + id + " has kind " + kind);
    }
}
