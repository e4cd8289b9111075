package io.foretell.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Ends this process. Kafka, Vert.x and libtorch leave threads behind, so the process halts. Libraries that unpack
 * native code into the temporary folder delete it only in an orderly exit, so this class deletes it for them.
 */
public final class ProcessEnd {
    /** Libraries that unpack: LZ4 of Kafka's batches, QuickJS of chat templates. */
    private static final List<String> UNPACKED = List.of("liblz4-java-", "quickjs");

    private ProcessEnd() {}

    public static void halt(int status) {
        try {
            for (Path library : unpacked(Path.of("/proc/self/maps"))) {
                Files.deleteIfExists(library);
                Files.deleteIfExists(library.resolveSibling(library.getFileName() + ".lck"));
            }
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(ProcessEnd.class)
                    .warn("a library stays in the temporary folder reason={}", e.toString());
        }
        Runtime.getRuntime().halt(status);
    }

    /**
     * The files that this process has unpacked into the temporary folder.
     *
     * @param maps the kernel's list of mapped files, with a path at the end of each line
     */
    static Set<Path> unpacked(Path maps) throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
        try (Stream<String> lines = Files.lines(maps)) {
            return lines.filter(line -> line.contains("/"))
                    .map(line -> Path.of(line.substring(line.indexOf('/'))))
                    .filter(file -> temporary.equals(file.getParent()))
                    .filter(file ->
                            UNPACKED.stream().anyMatch(file.getFileName().toString()::startsWith))
                    .collect(Collectors.toSet());
        }
    }
}
