package io.foretell.policy;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The number format a model computes in. Trained weights, their gradients and the optimizer stay in 32 bits; norms,
 * soft-maxes and sums are computed in 32 bits in every precision.
 *
 * <p>{@link #FP8_EMULATED} rounds the operands of every matrix product to 8-bit floats (e4m3, one scale per row) and
 * multiplies them in bfloat16. This gives the result of an accelerator with such products, without the speed.
 */
public enum Precision {
    FLOAT32(6, 1e-4),
    BFLOAT16(15, 5e-3),
    FP8_EMULATED(15, 5e-2);

    private final int code;
    private final double tolerance;

    Precision(int code, double tolerance) {
        this.code = code;
        this.tolerance = tolerance;
    }

    /** The tensor library's code for the type. */
    int code() {
        return code;
    }

    /** Maximum mean difference of a token's log-probability between sampler and learner at equal weights; nats. */
    public double tolerance() {
        return tolerance;
    }

    /** The name in configuration files, such as {@code fp8-emulated}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException if there is no such precision */
    public static Precision parse(String text) {
        List<String> known = Arrays.stream(values()).map(Precision::text).toList();
        if (!known.contains(text)) {
            throw new IllegalArgumentException("'" + text + "' but must be one of " + known);
        }
        return values()[known.indexOf(text)];
    }
}
