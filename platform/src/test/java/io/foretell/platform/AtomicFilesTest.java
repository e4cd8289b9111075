package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    @TempDir
    Path folder;

    @Test
    void aFileIsReplacedWholeAndNothingStaysAside() throws Exception {
        Path file = folder.resolve("a/b.txt");
        AtomicFiles.write(file, bytes("first, and longer"));
        AtomicFiles.write(file, bytes("second"));

        assertThat(file).hasContent("second");
        assertThat(Files.list(file.getParent())).containsExactly(file);
    }

    @Test
    void aFolderIsPublishedByItsLastRename() throws Exception {
        Path aside = folder.resolve("aside");
        AtomicFiles.write(aside.resolve("deep/weights"), bytes("w"));
        AtomicFiles.publishFolder(aside, folder.resolve("policies/000001"));

        assertThat(folder.resolve("policies/000001/deep/weights")).hasContent("w");
        assertThat(aside).doesNotExist();
    }

    @Test
    void aPublishedFolderIsNeverOverwritten() {
        AtomicFiles.write(folder.resolve("aside/x"), bytes("1"));
        AtomicFiles.write(folder.resolve("target/y"), bytes("2"));

        assertThatThrownBy(() -> AtomicFiles.publishFolder(folder.resolve("aside"), folder.resolve("target")))
                .isInstanceOf(ForetellException.class)
                .hasMessageEndingWith("target exists already and is not overwritten");
    }

    @Test
    void theHashIsThatOfTheStandard() {
        AtomicFiles.write(folder.resolve("abc"), bytes("abc"));

        assertThat(AtomicFiles.sha256(folder.resolve("abc")))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThatThrownBy(() -> AtomicFiles.sha256(folder.resolve("none")))
                .isInstanceOf(ForetellException.class)
                .hasMessage("cannot read " + folder.resolve("none") + ": no such file");
    }

    @Test
    void deletingAFolderDoesNotFollowLinks() throws Exception {
        AtomicFiles.write(folder.resolve("kept/x"), bytes("1"));
        AtomicFiles.write(folder.resolve("gone/deep/y"), bytes("2"));
        Files.createSymbolicLink(folder.resolve("gone/link"), folder.resolve("kept"));
        AtomicFiles.deleteFolder(folder.resolve("gone"));
        AtomicFiles.deleteFolder(folder.resolve("gone"));

        assertThat(folder.resolve("gone")).doesNotExist();
        assertThat(folder.resolve("kept/x")).exists();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
