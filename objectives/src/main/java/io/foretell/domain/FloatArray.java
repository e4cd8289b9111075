package io.foretell.domain;

import java.util.Arrays;
import java.util.Objects;

/** An immutable sequence of 32-bit floats (log-probabilities, weights) with value equality. */
public final class FloatArray {
    public static final FloatArray EMPTY = new FloatArray(new float[0]);

    private final float[] values;

    private FloatArray(float[] values) {
        this.values = values;
    }

    public static FloatArray of(float... values) {
        return values.length == 0 ? EMPTY : new FloatArray(values.clone());
    }

    /** {@code length} zeros. */
    public static FloatArray zeros(int length) {
        return new FloatArray(new float[length]);
    }

    public int length() {
        return values.length;
    }

    public float at(int index) {
        return values[index];
    }

    /** Values {@code from} (inclusive) to {@code to} (exclusive). */
    public FloatArray slice(int from, int to) {
        Objects.checkFromToIndex(from, to, values.length);
        return new FloatArray(Arrays.copyOfRange(values, from, to));
    }

    /** The sum, accumulated in double precision. */
    public double sum() {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    public boolean isFinite() {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    public float[] toArray() {
        return values.clone();
    }

    /** Copies the values into {@code target}, starting at {@code offset}. */
    public void copyTo(float[] target, int offset) {
        System.arraycopy(values, 0, target, offset, values.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FloatArray that && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return Arrays.toString(values);
    }
}
