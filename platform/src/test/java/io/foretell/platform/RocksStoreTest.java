package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreTest {
    private static final List<String> FAMILIES = List.of("groups", "positions");

    @TempDir
    Path folder;

    @Test
    void aBatchChangesAllFamiliesOrNone() {
        try (RocksStore store = RocksStore.open(folder, FAMILIES)) {
            store.write(batch -> {
                batch.put("groups", key("a"), key("1"));
                batch.put("positions", key("p"), key("2"));
            });
            assertThatThrownBy(() -> store.write(batch -> {
                        batch.put("groups", key("b"), key("3"));
                        throw new IllegalArgumentException("second thoughts");
                    }))
                    .hasMessage("second thoughts");

            assertThat(store.get("groups", key("a"))).isEqualTo(key("1"));
            assertThat(store.get("positions", key("p"))).isEqualTo(key("2"));
            assertThat(store.get("groups", key("b"))).isNull();
        }
    }

    @Test
    void whatWasWrittenIsThereAfterReopeningWithOtherFamilies() {
        try (RocksStore store = RocksStore.open(folder, FAMILIES)) {
            store.writeSynced(batch -> batch.put("groups", key("a"), key("1")));
        }
        try (RocksStore store = RocksStore.open(folder, List.of("new"))) {
            assertThat(store.get("groups", key("a"))).isEqualTo(key("1"));
            assertThat(store.get("new", key("a"))).isNull();
            assertThatThrownBy(() -> store.get("nope", key("a"))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aSecondOpenerIsRefusedInOneSentence() {
        try (RocksStore store = RocksStore.open(folder, FAMILIES)) {
            assertThatThrownBy(() -> RocksStore.open(folder, FAMILIES))
                    .isInstanceOf(ForetellException.class)
                    .hasMessage("the store in " + folder + " is in use by another process or a second time")
                    .extracting(e -> ((ForetellException) e).code())
                    .isEqualTo(ErrorCode.CONFLICT);
            assertThat(store.get("groups", key("a"))).isNull();
        }
    }

    @Test
    void scansAreOrderedAndBounded() {
        try (RocksStore store = RocksStore.open(folder, FAMILIES)) {
            store.write(batch -> List.of("c", "a", "e", "b", "d").forEach(k -> batch.put("groups", key(k), key(k))));

            assertThat(scanned(store, null, null, 9)).containsExactly("a", "b", "c", "d", "e");
            assertThat(scanned(store, "b", "d", 9)).containsExactly("b", "c");
            assertThat(scanned(store, null, "c", 9)).containsExactly("a", "b");
            assertThat(scanned(store, "d", null, 9)).containsExactly("d", "e");
            assertThat(scanned(store, null, null, 2)).containsExactly("a", "b");
            assertThat(scanned(store, "x", null, 9)).isEmpty();
        }
    }

    @Test
    void deletedKeysAndRangesAreGone() {
        try (RocksStore store = RocksStore.open(folder, FAMILIES)) {
            store.write(batch -> List.of("a", "b", "c", "d").forEach(k -> batch.put("groups", key(k), key(k))));
            store.write(batch -> {
                batch.delete("groups", key("d"));
                batch.deleteRange("groups", key("a"), key("c"));
            });

            assertThat(scanned(store, null, null, 9)).containsExactly("c");
            assertThat(store.multiGet("groups", List.of(key("c"), key("d")))).containsExactly(key("c"), null);
        }
    }

    @Test
    void aClosedStoreRefusesInsteadOfCrashing() {
        RocksStore store = RocksStore.open(folder, FAMILIES);
        store.close();
        store.close();

        assertThatThrownBy(() -> store.get("groups", key("a"))).isInstanceOf(IllegalStateException.class);
    }

    private static List<String> scanned(RocksStore store, @Nullable String from, @Nullable String to, int most) {
        List<String> keys = new ArrayList<>();
        store.scan("groups", from == null ? null : key(from), to == null ? null : key(to), (key, value) -> {
            keys.add(new String(key, StandardCharsets.UTF_8));
            return keys.size() < most;
        });
        return keys;
    }

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
