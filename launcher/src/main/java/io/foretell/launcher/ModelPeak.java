package io.foretell.launcher;

import io.foretell.policy.Policy;
import io.foretell.policy.Precision;

/**
 * What this machine's matrix products and memory reach at best, and what a model's work is of that. A sampled token
 * counts as 2 floating-point operations for each weight (a multiplication and an addition), a trained one as 6 (as much
 * again for each of the two gradients); attention's own are left out. Immutable.
 *
 * @param float32 GFLOP/s of a product of two square float32 matrices
 * @param bfloat16 the same in bfloat16
 * @param copy GB/s that a copy reads
 */
record ModelPeak(double float32, double bfloat16, double copy) {
    /** Rows and columns of the matrices. */
    static final int SQUARE = 2048;

    private static final int FEW = 2;
    private static final int MANY = 6;
    private static final double COPIED = 4.0 * (64 << 20);

    /* What many cost more than few leaves out what making the matrices costs, and the memory that is copied. */
    static ModelPeak measure(Policy policy, int square) {
        double copy = difference(COPIED, policy.copySeconds(FEW), policy.copySeconds(MANY));
        return new ModelPeak(
                product(policy, square, Precision.FLOAT32),
                product(policy, square, Precision.BFLOAT16),
                Math.max(copy, policy.copyBandwidth()));
    }

    private static double product(Policy policy, int square, Precision precision) {
        double few = policy.productSeconds(square, FEW, precision);
        double many = policy.productSeconds(square, MANY, precision);
        double found = difference(2.0 * square * square * square, few, many);
        return Math.max(found, policy.matmulPeak(square, precision));
    }

    /** Work per nanosecond; 0 where other work on the machine hides the difference. */
    static double difference(double work, double few, double many) {
        return many <= few ? 0 : (MANY - FEW) * work / (many - few) / 1e9;
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

    /** GB/s of weights read where each of {@code tokens} needs all of them once. */
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
