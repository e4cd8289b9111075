package io.foretell.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Features of the machine's CPU. Pure functions. */
final class Processor {
    private static final Logger log = LoggerFactory.getLogger(Processor.class);
    private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");
    private static final Set<String> ASKED_FOR = Set.of("avx512bw", "avx512vl", "avx512dq");

    private Processor() {}

    /** Whether the engine can pack matrices of this precision for its fast products; 16-bit types need AVX-512. */
    static boolean packs(Precision precision) {
        try {
            boolean packs = packs(precision, Files.readString(DESCRIPTION));
            if (!packs) {
                log.warn("this processor lacks {}, so {} is slow on it; float32 is not", ASKED_FOR, precision.text());
            }
            return packs;
        } catch (IOException e) {
            return precision == Precision.FLOAT32;
        }
    }

    /** @param description the text of /proc/cpuinfo */
    static boolean packs(Precision precision, String description) {
        return precision == Precision.FLOAT32
                || List.of(description.split("\\s+")).containsAll(ASKED_FOR);
    }
}
