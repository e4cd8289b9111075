package io.foretell.domain;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * Named streams of random numbers. Streams that differ in the run's seed, the name or the number are independent: the
 * generator's seed is the first eight bytes of SHA-256 over all three. Pure functions.
 */
public final class RandomStreams {
    private RandomStreams() {}

    /**
     * A generator at the start of a stream; the same arguments always give the same numbers.
     *
     * @param seed of the run
     * @param name what the numbers are for
     * @param number of the stream, such as the step
     */
    public static SplittableRandom of(long seed, String name, long number) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES + text.length);
        bytes.putLong(seed).putLong(number).put(text);
        return new SplittableRandom(ByteBuffer.wrap(Sha256.of(bytes.array())).getLong());
    }
}
