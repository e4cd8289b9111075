package io.foretell.weightsync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.weightsync.PolicyStore.Published;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyStoreTest {
    @TempDir
    Path folder;

    @Test
    void aPublishedVersionIsWholeAndCanBeVerified() {
        Published published = new PolicyStore(folder, true).publish(7, writing("weights"));

        assertThat(published.folder()).isEqualTo(folder.resolve("000007"));
        assertThat(published.files()).containsOnlyKeys("config.json", "model");
        assertThat(published.files()).containsEntry("model", AtomicFiles.sha256(folder.resolve("000007/model")));
        assertThat(folder.resolve("000007/manifest.json")).exists();
        PolicyStore.verify(published.folder(), published.files());
    }

    @Test
    void aDamagedVersionIsRefusedWithTheNameOfTheFile() throws IOException {
        Published published = new PolicyStore(folder, false).publish(7, writing("weights"));
        Files.writeString(published.folder().resolve("model"), "Weights");

        assertThatThrownBy(() -> PolicyStore.verify(published.folder(), published.files()))
                .isInstanceOf(ForetellException.class)
                .hasMessageStartingWith(
                        published.folder() + " is damaged: model has other content than was written (sha256 ")
                .extracting(e -> ((ForetellException) e).code())
                .isEqualTo(ErrorCode.CORRUPT);
        Files.delete(published.folder().resolve("model"));
        assertThatThrownBy(() -> PolicyStore.verify(published.folder(), published.files()))
                .hasMessage(published.folder() + " is damaged: model is missing");
        assertThatThrownBy(() -> PolicyStore.verify(published.folder(), Map.of("../x", "")))
                .hasMessageContaining("outside of it");
    }

    @Test
    void publishingAVersionAgainReplacesItWhole() throws IOException {
        for (boolean sync : List.of(true, false)) {
            Published first = new PolicyStore(folder, sync).publish(7, writing("first"));
            Published second = new PolicyStore(folder, sync).publish(7, writing("second"));

            assertThat(names()).containsExactly("000007");
            assertThat(folder.resolve("000007/model")).hasContent("second");
            PolicyStore.verify(folder.resolve("000007"), second.files());
            assertThatThrownBy(() -> PolicyStore.verify(folder.resolve("000007"), first.files()))
                    .isInstanceOf(ForetellException.class);
        }
    }

    @Test
    void aFailedWriteLeavesTheOldVersionAndNothingElse() throws IOException {
        PolicyStore store = new PolicyStore(folder, false);
        store.publish(7, writing("first"));

        assertThatThrownBy(() -> store.publish(7, aside -> {
                    writing("half").accept(aside);
                    throw new IllegalStateException("out of memory");
                }))
                .hasMessage("out of memory");
        assertThat(names()).containsExactly("000007");
        assertThat(folder.resolve("000007/model")).hasContent("first");
    }

    @Test
    void oldVersionsAreDeletedUnlessInUse() {
        PolicyStore store = new PolicyStore(folder, false);
        for (long version = 1; version <= 6; version++) {
            store.publish(version, writing("v" + version));
        }
        store.retain(2, Set.of(1L, 99L));

        assertThat(store.versions()).containsExactly(1L, 5L, 6L);
        store.retain(2, Set.of());
        assertThat(store.versions()).containsExactly(5L, 6L);
    }

    @Test
    void versionsOfAHistoryThatWasGivenUpDoNotPushOutTheCurrentOne() {
        PolicyStore before = new PolicyStore(folder, false);
        for (long version = 1; version <= 6; version++) {
            before.publish(version, writing("v" + version));
        }
        PolicyStore after = new PolicyStore(folder, false);
        after.publish(3, writing("again"));
        after.retain(2, Set.of(5L));

        assertThat(after.versions()).containsExactly(2L, 3L, 5L);
        assertThat(after.folder(3).resolve("model")).hasContent("again");
    }

    @Test
    void whatACrashLeftHalfWrittenIsDeletedAtTheStart() throws IOException {
        new PolicyStore(folder, false).publish(7, writing("whole"));
        Files.createDirectories(folder.resolve("000008.aside/deep"));
        Files.writeString(folder.resolve("000008.aside/deep/model"), "half");
        new PolicyStore(folder, false);

        assertThat(names()).containsExactly("000007");
    }

    private static Consumer<Path> writing(String weights) {
        return aside -> {
            try {
                Files.writeString(aside.resolve("config.json"), "{}");
                Files.writeString(aside.resolve("model"), weights);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    private List<String> names() throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
