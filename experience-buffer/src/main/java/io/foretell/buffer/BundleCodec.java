package io.foretell.buffer;

import io.foretell.domain.ScoredGroup;
import io.foretell.streams.Codec;
import io.foretell.streams.UnreadableRecordException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The bytes of a group, or of a family: a parent followed by its children. A group without children is stored as it came
 * from the topic. A family is a marker byte that no record begins with, then each group after its length; its parent has
 * its final rewards, which are computed once, when the family is complete. Earlier versions stored families with another
 * marker and without final rewards; those are computed when such a family is read. Immutable.
 *
 * @param codec of one group
 * @param finalRewards gives a family's parent the rewards that depend on its children
 */
record BundleCodec(Codec<ScoredGroup> codec, UnaryOperator<List<ScoredGroup>> finalRewards) {
    private static final byte WITHOUT_FINAL_REWARDS = 'F';
    private static final byte WITH_FINAL_REWARDS = 'S';

    /** A family that is complete, with the bytes to store. */
    record Family(List<ScoredGroup> groups, byte[] body) {}

    /** @param bodies of the parent, then of its children */
    Family complete(List<byte[]> bodies) {
        List<ScoredGroup> groups =
                finalRewards.apply(bodies.stream().map(codec::decode).toList());
        List<byte[]> settled = new ArrayList<>(bodies);
        settled.set(0, codec.encode(groups.get(0)));
        ByteBuffer family = ByteBuffer.allocate(1
                + settled.stream().mapToInt(body -> Integer.BYTES + body.length).sum());
        family.put(WITH_FINAL_REWARDS);
        settled.forEach(body -> family.putInt(body.length).put(body));
        return new Family(groups, family.array());
    }

    /** @throws UnreadableRecordException whatever is wrong with the bytes */
    List<ScoredGroup> decode(byte[] body) {
        if (body.length > 0 && body[0] == WITH_FINAL_REWARDS) {
            return groups(body);
        }
        if (body.length > 0 && body[0] == WITHOUT_FINAL_REWARDS) {
            return finalRewards.apply(groups(body));
        }
        List<ScoredGroup> alone = List.of(codec.decode(body));
        return alone.get(0).children().isEmpty() ? alone : finalRewards.apply(alone);
    }

    private List<ScoredGroup> groups(byte[] body) {
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
