package io.foretell.huggingface;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive rows of a tensor (a row is one index of the first dimension): the unit of reading, writing and loading,
 * which lets a tensor exceed any buffer. Immutable.
 *
 * @param from first row
 * @param shape shape of the slice: some of the tensor's rows, the other dimensions complete
 */
public record Slice(int from, List<Integer> shape) {
    /** Maximum values of a slice of more than one row: 64 MiB of 32-bit floats. */
    static final int MOST_VALUES = 1 << 24;

    /** Receives the slices of a tensor in order. */
    @FunctionalInterface
    public interface Consumer {
        /** @param values direct and little-endian; reused once this returns */
        void accept(Slice slice, FloatBuffer values);
    }

    /** Supplies the slices of several tensors, each once and in order. */
    @FunctionalInterface
    public interface Source {
        /** @return the values of {@code slice}, row by row, of tensor {@code index} in writing order */
        FloatBuffer values(int index, Slice slice);
    }

    public Slice {
        shape = List.copyOf(shape);
    }

    /** The slices of a tensor in order; a tensor without dimensions or values is one slice. */
    public static List<Slice> of(List<Integer> shape) {
        return of(shape, MOST_VALUES);
    }

    static List<Slice> of(List<Integer> shape, int mostValues) {
        if (shape.isEmpty() || shape.get(0) == 0) {
            return List.of(new Slice(0, shape));
        }
        long row = size(shape.subList(1, shape.size()));
        int rows = (int) Math.max(1, Math.min(Integer.MAX_VALUE, mostValues / Math.max(1, row)));
        List<Slice> slices = new ArrayList<>();
        for (long from = 0; from < shape.get(0); from += rows) {
            List<Integer> part = new ArrayList<>(shape);
            part.set(0, (int) Math.min(rows, shape.get(0) - from));
            slices.add(new Slice((int) from, part));
        }
        return slices;
    }

    /** Values in a tensor of {@code shape}. */
    static long size(List<Integer> shape) {
        long size = 1;
        for (int side : shape) {
            size *= side;
        }
        return size;
    }

    /** Values in this slice. */
    public long size() {
        return size(shape);
    }
}
