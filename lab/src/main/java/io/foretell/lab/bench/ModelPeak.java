package io.foretell.lab.bench;

import io.foretell.policy.Policy;
import io.foretell.policy.Precision;

/**
 * The machine's peak for matrix products and memory, and a model's work as a share of it. A sampled token counts as 2
 * floating-point operations per weight (a multiplication and an addition), a trained one as 6 (as much again for each
 * of the two gradients); attention itself is not counted. Immutable.
 *
 * @param float32 GFLOP/s of multiplying two square float32 matrices
 * @param bfloat16 the same in bfloat16
 * @param copy GB/s read by a copy
 */
public record ModelPeak(double float32, double bfloat16, double copy) {
    /** Rows and columns of the matrices. */
    static final int SQUARE = 2048;

    public static ModelPeak measure(Policy policy, int square) {
        return new ModelPeak(
                policy.matmulPeak(square, Precision.FLOAT32, 3),
                policy.matmulPeak(square, Precision.BFLOAT16, 3),
                policy.copyBandwidth());
    }

    /** This peak with the current speed of products: other load on the machine changes it from second to second. */
    ModelPeak now(Policy policy, Precision precision) {
        double products = policy.matmulPeak(SQUARE, precision, 1);
        return precision == Precision.FLOAT32
                ? new ModelPeak(products, bfloat16, copy)
                : new ModelPeak(float32, products, copy);
    }

    double gflops(Precision precision) {
        return precision == Precision.FLOAT32 ? float32 : bfloat16;
    }

    /** Share of the peak that sampling {@code tokens} in {@code seconds} reaches. */
    double sampling(Precision precision, long weights, double tokens, double seconds) {
        return 2.0 * weights * tokens / seconds / 1e9 / gflops(precision);
    }

    /** Share of the peak that training on {@code tokens} in {@code seconds} reaches. */
    double training(Precision precision, long weights, double tokens, double seconds) {
        return 3 * sampling(precision, weights, tokens, seconds);
    }

    /** GB/s of weights read if each of {@code tokens} needs all weights once. */
    static double read(Precision precision, long weights, double tokens, double seconds) {
        return weights * (precision == Precision.FLOAT32 ? 4.0 : 2.0) * tokens / seconds / 1e9;
    }

    BenchReport.Figures figures() {
        return new BenchReport.Figures()
                .put("float32_gflops", float32)
                .put("bfloat16_gflops", bfloat16)
                .put("copy_gb_per_second", copy);
    }
}
