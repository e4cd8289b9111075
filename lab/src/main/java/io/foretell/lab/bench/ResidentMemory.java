package io.foretell.lab.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Peak memory of this process while something ran, by Linux's high-water mark.
 *
 * @param before bytes at the start
 * @param highest peak bytes
 */
record ResidentMemory(long before, long highest) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path RESET = Path.of("/proc/self/clear_refs");

    /** @throws IllegalStateException if the system has no high-water mark to reset */
    static ResidentMemory during(Runnable work) {
        System.gc();
        try {
            Files.writeString(RESET, "5");
            long before = bytes("VmRSS:");
            work.run();
            return new ResidentMemory(before, Math.max(before, bytes("VmHWM:")));
        } catch (IOException e) {
            throw new IllegalStateException("the system does not say how much memory was used: " + e, e);
        }
    }

    /** Bytes added at the peak. */
    long added() {
        return highest - before;
    }

    BenchReport.Figures into(BenchReport.Figures figures) {
        return figures.put("resident_mib", highest / (double) (1 << 20)).put("added_mib", added() / (double) (1 << 20));
    }

    /** The value of {@code field} in the process's status file. */
    static long bytes(String field) throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElse(0);
    }
}
