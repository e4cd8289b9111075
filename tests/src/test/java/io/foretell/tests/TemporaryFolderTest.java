package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process leaves in the temporary folder: one copy of RocksDB's library for all, and nothing of its own. */
@Tag("integration")
class TemporaryFolderTest {
    private static final Duration DEADLINE = Duration.ofSeconds(120);

    @TempDir
    private Path folder;

    @Test
    void aRunThatIsOverAndOneThatIsStoppedLeaveNothing() throws IOException {
        Path temporary = Files.createDirectory(folder.resolve("temporary"));
        Path config = new TestRun(folder, "tidy").config(2, 0);
        try (ForetellProcess up = ForetellProcess.foretellIn(temporary, "up", "-c", config, "--until-step", 3)) {
            assertThat(up.awaitExit(DEADLINE)).as(up::toString).isZero();
        }
        assertThat(names(temporary)).containsExactly("foretell-native-" + System.getProperty("user.name"));

        try (ForetellProcess up = ForetellProcess.foretellIn(temporary, "up", "-c", config)) {
            up.url();
            up.interrupt();
            assertThat(up.awaitExit(DEADLINE)).as(up::toString).isZero();
        }
        assertThat(names(temporary)).containsExactly("foretell-native-" + System.getProperty("user.name"));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
