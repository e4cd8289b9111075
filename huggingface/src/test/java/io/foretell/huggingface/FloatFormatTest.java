package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatFormatTest {
    @Test
    void halfPrecisionIsWrittenRoundedToNearestEven() {
        float[] numbers = {
            1, 1.00390625f, 1.01171875f, -0f, 65504, 65519.9f, 65520, 1e-8f, 6e-8f, Float.NaN, -1e30f, 3.4e38f
        };
        ByteBuffer bytes = ByteBuffer.allocate(2 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        FloatFormat.BF16.encode(FloatBuffer.wrap(numbers), bytes);
        FloatBuffer brain = FloatBuffer.allocate(numbers.length);
        FloatFormat.BF16.decode(bytes.flip(), brain);
        assertThat(brain.get(1)).isEqualTo(1f); // a tie
        assertThat(brain.get(2)).isEqualTo(1.015625f); // another, to the even side above
        assertThat(brain.get(9)).isNaN();
        assertThat(brain.get(11)).isEqualTo(Float.POSITIVE_INFINITY);
        bytes.clear();
        FloatFormat.F16.encode(FloatBuffer.wrap(numbers), bytes);
        FloatBuffer half = FloatBuffer.allocate(numbers.length);
        FloatFormat.F16.decode(bytes.flip(), half);
        assertThat(half.array())
                .containsExactly(
                        1,
                        1.00390625f,
                        1.01171875f,
                        -0f,
                        65504,
                        65504,
                        Float.POSITIVE_INFINITY,
                        0,
                        0x1p-24f,
                        Float.NaN,
                        Float.NEGATIVE_INFINITY,
                        Float.POSITIVE_INFINITY);
    }

    @ParameterizedTest
    @EnumSource(
            value = FloatFormat.class,
            names = {"F16", "BF16"})
    void roundingIsToTheNearestOfAllHalves(FloatFormat format) {
        ByteBuffer halves = ByteBuffer.allocate(2 * 65536).order(ByteOrder.LITTLE_ENDIAN);
        for (int bits = 0; bits < 65536; bits++) {
            halves.putShort((short) bits);
        }
        FloatBuffer exact = FloatBuffer.allocate(65536);
        format.decode(halves.flip(), exact);
        ByteBuffer again = ByteBuffer.allocate(2 * 65536).order(ByteOrder.LITTLE_ENDIAN);
        format.encode(exact.flip(), again);
        int infinity = format == FloatFormat.F16 ? 0x7c00 : 0x7f80;
        for (int bits = 0; bits < infinity - 1; bits++) {
            assertThat(again.getShort(2 * bits)).isEqualTo((short) bits);
            float middle = (float) ((exact.get(bits) + (double) exact.get(bits + 1)) / 2);
            float[] around = {Math.nextDown(middle), middle, Math.nextUp(middle)};
            ByteBuffer rounded = ByteBuffer.allocate(6).order(ByteOrder.LITTLE_ENDIAN);
            format.encode(FloatBuffer.wrap(around), rounded);
            assertThat(rounded.getShort(0)).isEqualTo((short) bits);
            assertThat(rounded.getShort(2)).isEqualTo((short) (bits + (bits & 1)));
            assertThat(rounded.getShort(4)).isEqualTo((short) (bits + 1));
        }
    }
}
