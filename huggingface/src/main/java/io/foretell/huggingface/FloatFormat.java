package io.foretell.huggingface;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** How a file stores floating-point numbers, little-endian. Thread-safe. */
public enum FloatFormat {
    /** IEEE 754 binary32. */
    F32(4),

    /** IEEE 754 binary16: 5 bits of exponent, 10 of fraction. */
    F16(2),

    /** The upper half of binary32: 8 bits of exponent, 7 of fraction. */
    BF16(2);

    private static final int CHUNK = 8192;

    /** Bytes per number. */
    final int width;

    FloatFormat(int width) {
        this.width = width;
    }

    /** Decodes all remaining numbers of {@code bytes} and appends them. Both must be little-endian. */
    void decode(ByteBuffer bytes, FloatBuffer target) {
        if (this == F32) {
            target.put(bytes.asFloatBuffer());
            bytes.position(bytes.limit());
            return;
        }
        ShortBuffer source = bytes.asShortBuffer();
        short[] halves = new short[CHUNK];
        float[] floats = new float[CHUNK];
        while (source.hasRemaining()) {
            int count = Math.min(CHUNK, source.remaining());
            source.get(halves, 0, count);
            if (this == BF16) {
                for (int i = 0; i < count; i++) {
                    floats[i] = Float.intBitsToFloat(halves[i] << 16);
                }
            } else {
                for (int i = 0; i < count; i++) {
                    floats[i] = HalfTable.VALUES[halves[i] & 0xffff];
                }
            }
            target.put(floats, 0, count);
        }
        bytes.position(bytes.limit());
    }

    /** Appends all {@code numbers}, each rounded to the nearest, ties to even. {@code target} must be little-endian. */
    void encode(FloatBuffer numbers, ByteBuffer target) {
        if (this == F32) {
            int count = numbers.remaining();
            target.asFloatBuffer().put(numbers);
            target.position(target.position() + 4 * count);
            return;
        }
        short[] halves = new short[CHUNK];
        float[] floats = new float[CHUNK];
        while (numbers.hasRemaining()) {
            int count = Math.min(CHUNK, numbers.remaining());
            numbers.get(floats, 0, count);
            for (int i = 0; i < count; i++) {
                halves[i] = this == BF16 ? brain(floats[i]) : half(floats[i]);
            }
            target.asShortBuffer().put(halves, 0, count);
            target.position(target.position() + 2 * count);
        }
    }

    private static short brain(float number) {
        int bits = Float.floatToRawIntBits(number);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >> 16 | 0x40); // a NaN stays a NaN
        }
        return (short) (bits + 0x7fff + (bits >> 16 & 1) >> 16);
    }

    private static short half(float number) {
        int bits = Float.floatToRawIntBits(number);
        int sign = bits >> 16 & 0x8000;
        float magnitude = Math.abs(number);
        if (!(magnitude < 65520)) {
            return (short) (sign | (Float.isNaN(number) ? 0x7e00 : 0x7c00));
        }
        if (magnitude < 0x1p-14f) {
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24f));
        }
        int rounded = (bits & 0x7fffffff) + 0xfff + (bits >> 13 & 1);
        return (short) (sign | (rounded >> 13) - (112 << 10));
    }

    /** Every binary16 number, indexed by its bits. */
    private static final class HalfTable {
        static final float[] VALUES = new float[65536];

        static {
            for (int bits = 0; bits < VALUES.length; bits++) {
                int sign = (bits & 0x8000) << 16;
                int exponent = bits >> 10 & 0x1f;
                int fraction = bits & 0x3ff;
                int magnitude = exponent == 0
                        ? Float.floatToIntBits(fraction * 0x1p-24f)
                        : (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
                VALUES[bits] = Float.intBitsToFloat(sign | magnitude);
            }
        }
    }
}
