package io.foretell.policy;

import io.foretell.platform.Time;
import java.util.function.IntConsumer;

/** Measures the machine's peak with the program's own operators. Confined to the policy's thread. */
final class PeakProbe {
    private final PolicyProgram program;

    PeakProbe(PolicyProgram program) {
        this.program = program;
    }

    /** GFLOP/s of multiplying square matrices of {@code size}, the best of {@code rounds}. */
    double matmul(int size, Precision precision, int rounds) {
        return rate(
                rounds,
                2.0 * size * size * size,
                repeats -> program.run(
                        "matmul_peak",
                        inputs ->
                                inputs.integer(size).integer(repeats).integer(precision == Precision.FLOAT32 ? 0 : 1)));
    }

    /** Bytes per nanosecond (GB/s) read while copying 256 MiB. */
    double copy() {
        long floats = 64 << 20;
        return rate(
                3,
                4.0 * floats,
                copies -> program.run(
                        "copy_peak", inputs -> inputs.integer(floats).integer(copies)));
    }

    /**
     * Work per nanosecond. Subtracts the time of one repetition from that of six, so the cost of making the operands
     * cancels out.
     */
    private static double rate(int rounds, double work, IntConsumer run) {
        double once = Double.MAX_VALUE;
        double often = Double.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            once = Math.min(once, nanos(run, 1));
            often = Math.min(often, nanos(run, 6));
        }
        return often > once ? 5 * work / (often - once) : 6 * work / often;
    }

    private static double nanos(IntConsumer run, int times) {
        long start = Time.system().nanos();
        run.accept(times);
        return Time.system().nanos() - start;
    }
}
