package io.foretell.learner.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class CheckpointStoreTest {
    @TempDir
    Path folder;

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeEach
    void listen() {
        logged.start();
        logger().addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(logged);
    }

    @Test
    void aCheckpointComesBackAsItWasCommitted() throws IOException {
        commit(store(3), 20);

        CheckpointStore.Loaded loaded = store(3).loadLatest().orElseThrow();
        assertThat(loaded.state()).isEqualTo(state(20));
        assertThat(loaded.folder()).isEqualTo(folder.resolve("000020"));
        assertThat(loaded.folder().resolve("weights/model")).hasContent("weights of step 20");
        assertThat(folder.resolve("latest")).hasContent("000020");
        assertThat(logged.list).isEmpty();
    }

    @Test
    void anEmptyStoreHasNothingToLoad() {
        assertThat(store(1).loadLatest()).isEmpty();
    }

    @Test
    void onlyTheLastFewAreKept() throws IOException {
        CheckpointStore store = store(2);
        for (long step : List.of(1, 2, 3, 1_234_567)) {
            commit(store, step);
        }

        assertThat(store.steps()).containsExactly(3L, 1_234_567L);
        assertThat(names()).containsExactly("000003", "1234567", "latest");
    }

    @Test
    void aTruncatedFileIsRefusedByNameAndThePreviousCheckpointUsed() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Files.writeString(folder.resolve("000040/weights/model"), "weights");

        assertRefused("checkpoint 000040 is refused: " + folder.resolve("000040")
                + " is damaged: weights/model has 7 bytes and should have 18");
    }

    @Test
    void anEditedByteIsRefused() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Files.writeString(folder.resolve("000040/weights/model"), "weights of step 41");

        assertRefused("checkpoint 000040 is refused: " + folder.resolve("000040")
                + " is damaged: weights/model has other content than was written");
    }

    @Test
    void aCheckpointWithoutAManifestIsRefused() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Files.delete(folder.resolve("000040/manifest.json"));

        assertRefused(
                "checkpoint 000040 is refused: " + folder.resolve("000040") + " is damaged: manifest.json is missing");
    }

    @Test
    void aMissingFileIsRefused() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Files.delete(folder.resolve("000040/weights/model"));

        assertRefused(
                "checkpoint 000040 is refused: " + folder.resolve("000040") + " is damaged: weights/model is missing");
    }

    @Test
    void aCheckpointUnderAnotherNameIsRefused() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Files.move(folder.resolve("000040"), folder.resolve("000060"));
        Files.writeString(folder.resolve("latest"), "000060\n");

        assertRefused("checkpoint 000060 is refused: " + folder.resolve("000060")
                + " is damaged: state.json is that of step 40");
    }

    @Test
    void withoutLatestTheNewestIsUsed() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Files.delete(folder.resolve("latest"));

        assertThat(store(3).loadLatest().orElseThrow().state().step()).isEqualTo(40);
        assertThat(folder.resolve("latest")).hasContent("000040");
    }

    @Test
    void whenAllAreDamagedThereIsNothingToLoad() throws IOException {
        commit(store(3), 20);
        Files.writeString(folder.resolve("000020/manifest.json"), "{\"files\": ");

        assertThat(store(3).loadLatest()).isEmpty();
        assertThat(sentence(0)).endsWith("is damaged: manifest.json is not a manifest");
    }

    @Test
    void whatWasRefusedOnceIsNotLoadedWhenItHeals() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);
        Path manifest = folder.resolve("000040/manifest.json");
        Files.move(manifest, folder.resolve("elsewhere"));
        assertThat(store(3).loadLatest().orElseThrow().state().step()).isEqualTo(20);
        Files.move(folder.resolve("elsewhere"), manifest);

        CheckpointStore store = store(3);
        assertThat(store.loadLatest().orElseThrow().state().step()).isEqualTo(20);
        commit(store, 30);
        assertThat(store.steps()).containsExactly(20L, 30L);
    }

    @Test
    void anExplicitOlderCheckpointBecomesTheLatest() throws IOException {
        commit(store(3), 20);
        commit(store(3), 40);

        assertThat(store(3).loadFrom(folder.resolve("000020")).state().step()).isEqualTo(20);
        assertThat(store(3).loadLatest().orElseThrow().state().step()).isEqualTo(20);
    }

    @Test
    void anExplicitDamagedCheckpointIsAnError() throws IOException {
        commit(store(3), 20);
        Files.writeString(folder.resolve("000020/state.json"), "{}");

        assertThatThrownBy(() -> store(3).loadFrom(folder.resolve("000020")))
                .isInstanceOf(ForetellException.class)
                .hasMessageStartingWith(folder.resolve("000020") + " is damaged: state.json has 2 bytes")
                .extracting(e -> ((ForetellException) e).code())
                .isEqualTo(ErrorCode.CORRUPT);
        assertThatThrownBy(() -> store(3).loadFrom(folder.resolve("nowhere")))
                .hasMessage("there is no checkpoint folder " + folder.resolve("nowhere"));
    }

    @Test
    void aManifestCannotPointOutside() throws IOException {
        commit(store(3), 20);
        Path manifest = folder.resolve("000020/manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace("weights/model", "../latest"));

        assertThatThrownBy(() -> store(3).loadFrom(folder.resolve("000020")))
                .hasMessageEndingWith("its manifest names ../latest, which is outside of it");
    }

    @Test
    void theSameStepCanBeCommittedAgain() throws IOException {
        CheckpointStore store = store(3);
        commit(store, 20);
        commit(store, 20);

        assertThat(names()).containsExactly("000020", "latest");
        assertThat(store(3).loadLatest()).isPresent();
    }

    @Test
    void whatACrashLeftHalfDoneIsPutRightAtTheStart() throws IOException {
        commit(store(3), 20);
        Files.writeString(store(3).begin(40).resolve("half"), "x");
        Files.move(folder.resolve("000020"), folder.resolve("000020.replaced"));

        CheckpointStore store = store(3);
        assertThat(names()).containsExactly("000020", "latest");
        assertThat(store.loadLatest().orElseThrow().state()).isEqualTo(state(20));
        commit(store, 40);
        Files.createDirectory(folder.resolve("000040.replaced"));
        store(3);
        assertThat(names()).containsExactly("000020", "000040", "latest");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskLeavesThePreviousCheckpointAndNothingElse() throws IOException {
        CheckpointStore store = store(3);
        commit(store, 20);
        Path aside = store.begin(40);
        Files.writeString(aside.resolve("model"), "x");
        Files.createSymbolicLink(aside.resolve("state.json.aside"), Path.of("/dev/full"));

        assertThatThrownBy(() -> store.commit(40, state(40)))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining("state.json: No space left on device")
                .extracting(e -> ((ForetellException) e).code())
                .isEqualTo(ErrorCode.STORAGE);
        assertThat(names()).containsExactly("000020", "latest");
        assertThat(store.loadLatest().orElseThrow().state()).isEqualTo(state(20));
    }

    private void assertRefused(String expected) {
        assertThat(store(3).loadLatest().orElseThrow().state()).isEqualTo(state(20));
        assertThat(logged.list).hasSize(1);
        assertThat(sentence(0)).startsWith(expected);
    }

    @Test
    void aStateFromBeforeThereWereCoefficientsIsRead() throws IOException {
        ObjectNode old = Json.mapper().valueToTree(state(3));
        old.remove("coefficients");
        old.put("run_config_sha", "what older ones have").put("step_in_phase", 2);
        old.putObject("positions").put("0", 7);

        CheckpointState read = Json.mapper().treeToValue(old, CheckpointState.class);

        assertThat(read.coefficients()).isEmpty();
        assertThat(Json.mapper().treeToValue(Json.mapper().valueToTree(state(3)), CheckpointState.class))
                .isEqualTo(state(3));
    }

    private String sentence(int index) {
        return logged.list.get(index).getFormattedMessage();
    }

    private CheckpointStore store(int keepLast) {
        return new CheckpointStore(folder, keepLast);
    }

    private static void commit(CheckpointStore store, long step) throws IOException {
        Path aside = store.begin(step);
        Files.createDirectory(aside.resolve("weights"));
        Files.writeString(aside.resolve("weights/model"), "weights of step " + step);
        store.commit(step, state(step));
    }

    private static CheckpointState state(long step) {
        return new CheckpointState(
                step,
                1,
                Map.of("tokens", 5L),
                Map.of("reward_kl", 0.0013),
                Map.of(step, "weights"),
                "tok",
                List.of(0.1, 1 / 3.0));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(CheckpointStore.class);
    }
}
