package io.foretell.lab.bench;

import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.server.PolicyOrigin;
import java.nio.file.Path;

/** The machine's peak, for comparison with the other figures. */
final class MachinePeak {
    private static final int SQUARE = 1024;
    private static final int COPY_BYTES = 64 << 20;
    private static final int COPIES = 10;

    private MachinePeak() {}

    static BenchReport.Figures measure(Path folder) {
        PolicyOrigin.write(folder, "qwen3", "micro", "bytes", 0.02, 1);
        try (Policy policy = Policy.open(folder, PolicyOptions.DEFAULT)) {
            return new BenchReport.Figures()
                    .put("fp32_gflops", policy.matmulPeak(SQUARE, Precision.FLOAT32, 3))
                    .put("copy_gb_per_second", copyPeak());
        }
    }

    /** Speed of one thread copying one array into another; each byte counts once. */
    private static double copyPeak() {
        byte[] from = new byte[COPY_BYTES];
        byte[] to = new byte[COPY_BYTES];
        double best = 0;
        for (int i = 0; i < COPIES; i++) {
            long begin = Time.system().nanos();
            System.arraycopy(from, 0, to, 0, COPY_BYTES);
            best = Math.max(best, COPY_BYTES / (double) (Time.system().nanos() - begin));
        }
        return best;
    }
}
