package io.foretell.buffer;

import io.foretell.domain.ScoredGroup;
import io.foretell.streams.Codec;
import io.foretell.streams.UnreadableRecordException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes of a group, or of a family: a group and those it awaited. One group is as it was on the topic; a family is a byte
 * that no record begins with, then each group after its length. Pure functions.
 */
final class BundleCodec {
    private static final byte FAMILY = 'F';

    private BundleCodec() {}

    /** @param bodies of the group, then of those it awaited */
    static byte[] encode(List<byte[]> bodies) {
        if (bodies.size() == 1) {
            return bodies.get(0);
        }
        ByteBuffer family = ByteBuffer.allocate(1
                + bodies.stream().mapToInt(body -> Integer.BYTES + body.length).sum());
        family.put(FAMILY);
        bodies.forEach(body -> family.putInt(body.length).put(body));
        return family.array();
    }

    /** @throws UnreadableRecordException whatever is wrong with the bytes */
    static List<ScoredGroup> decode(Codec<ScoredGroup> codec, byte[] body) {
        if (body.length == 0 || body[0] != FAMILY) {
            return List.of(codec.decode(body));
        }
        ByteBuffer left = ByteBuffer.wrap(body, 1, body.length - 1);
        List<ScoredGroup> groups = new ArrayList<>();
        try {
            while (left.hasRemaining()) {
                byte[] each = new byte[Math.min(left.getInt(), left.remaining())];
                left.get(each);
                groups.add(codec.decode(each));
            }
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new UnreadableRecordException(body.length + " bytes are not a family of groups", e);
        }
        return groups;
    }
}
