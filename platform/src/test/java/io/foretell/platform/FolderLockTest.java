package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    @TempDir
    Path parent;

    /** Another process that takes the lock, says so and waits to be ended. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            try (FolderLock lock = FolderLock.take(Path.of(arguments[0]), "foretell test")) {
                System.out.println("held");
                System.in.read();
            }
        }
    }

    @Test
    void aSecondTakerOfTheSameProcessIsRefusedAndTheFirstStaysLocked() throws Exception {
        Path folder = parent.resolve("run");
        try (FolderLock lock = FolderLock.take(folder, "foretell up")) {
            long pid = ProcessHandle.current().pid();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> FolderLock.take(parent.resolve("other/../run"), "foretell up"))
                        .isInstanceOf(ForetellException.class)
                        .hasMessageContaining(" is in use by process " + pid + " (started ");
            }
        }
        FolderLock.take(folder, "foretell up").close();
        assertThat(parent.resolve("run.lock")).exists();
    }

    @Test
    void anotherProcessIsNamedAndItsDeathFreesTheLock() throws Exception {
        Path folder = parent.resolve("run");
        Process holder = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(output.readLine()).isEqualTo("held");
            assertThatThrownBy(() -> FolderLock.take(folder, "me"))
                    .hasMessageMatching(
                            ".*run is in use by process " + holder.pid() + " \\(started 20.*, foretell test\\)");
        } finally {
            holder.destroyForcibly();
            assertThat(holder.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        FolderLock.take(folder, "me").close();
    }

    @Test
    void aStaleLockFileIsHarmless() throws Exception {
        Files.writeString(parent.resolve("run.lock"), "process 1 (started long ago, somebody)");

        FolderLock.take(parent.resolve("run"), "me").close();
    }
}
