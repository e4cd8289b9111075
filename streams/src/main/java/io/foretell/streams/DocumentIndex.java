package io.foretell.streams;

import io.foretell.domain.Document;
import io.foretell.platform.RocksStore;
import io.foretell.platform.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which texts and ids were seen first where: exact deduplication by the sha-256 of the cleaned text. The decision on a
 * record depends only on the records before it, never changes afterwards, and may be asked for again, so the index can
 * be rebuilt from the topic.
 *
 * <p>Confined to the feeder's thread, except {@link #contentOf}, {@link #mayKnow} and {@link #next}, which are thread-safe and see what
 * was committed.
 */
public final class DocumentIndex implements KnownDocuments, AutoCloseable {
    /** What is to be done with a document. */
    public enum Decision {
        ACCEPTED,
        /** Its text was first seen in another record. */
        DUPLICATE,
        /** Its id belongs to another text. */
        CONFLICT
    }

    private static final String CONTENT = "content";
    private static final String IDS = "ids";
    private static final String PROGRESS = "progress";
    private static final byte[] NEXT = "next".getBytes(StandardCharsets.UTF_8);
    private static final byte[] LAST_KEY = new byte[1024];

    static {
        Arrays.fill(LAST_KEY, (byte) 0xff);
    }

    private final RocksStore store;
    private final boolean isExact;
    private final Map<ByteBuffer, byte[]> newContent = new HashMap<>();
    private final Map<ByteBuffer, byte[]> newIds = new HashMap<>();
    private volatile long next;

    private DocumentIndex(RocksStore store, boolean isExact) {
        this.store = store;
        this.isExact = isExact;
        byte[] stored = store.get(PROGRESS, NEXT);
        this.next = stored == null ? 0 : ByteBuffer.wrap(stored).getLong();
    }

    /** @param isExact whether the same text in two records makes the second a duplicate */
    public static DocumentIndex open(Path folder, boolean isExact) {
        return new DocumentIndex(RocksStore.open(folder, List.of(CONTENT, IDS, PROGRESS)), isExact);
    }

    /** Decides on the document at {@code offset}, and remembers it if it is accepted. */
    public Decision decide(Document document, byte[] contentHash, long offset) {
        ByteBuffer id = ByteBuffer.wrap(document.id().getBytes(StandardCharsets.UTF_8));
        ByteBuffer content = ByteBuffer.wrap(contentHash);
        byte[] knownContent = read(newIds, IDS, id);
        if (knownContent != null && !Arrays.equals(knownContent, contentHash)) {
            return Decision.CONFLICT;
        }
        byte[] first = read(newContent, CONTENT, content);
        if (isExact && first != null && ByteBuffer.wrap(first).getLong() != offset) {
            return Decision.DUPLICATE;
        }
        if (first == null) {
            newContent.put(content, number(offset));
        }
        if (knownContent == null) {
            newIds.put(id, contentHash);
        }
        return Decision.ACCEPTED;
    }

    private byte @Nullable [] read(Map<ByteBuffer, byte[]> fresh, String family, ByteBuffer key) {
        byte[] value = fresh.get(key);
        return value != null ? value : store.get(family, key.array());
    }

    /** Keeps what was decided since the last call, with the position it belongs to, in one write. */
    public void commit(long nextOffset) {
        long position = Math.max(next, nextOffset);
        store.write(batch -> {
            newContent.forEach((key, value) -> batch.put(CONTENT, key.array(), value));
            newIds.forEach((key, value) -> batch.put(IDS, key.array(), value));
            batch.put(PROGRESS, NEXT, number(position));
        });
        rollback();
        next = position;
    }

    /** Forgets what was decided since the last commit. */
    public void rollback() {
        newContent.clear();
        newIds.clear();
    }

    /** Clears the index, to be rebuilt from the topic. */
    public void clear() {
        rollback();
        store.write(batch -> {
            for (String family : List.of(CONTENT, IDS, PROGRESS)) {
                batch.deleteRange(family, new byte[0], LAST_KEY);
            }
        });
        next = 0;
    }

    /** Offset of the first record that is not in the index. */
    public long next() {
        return next;
    }

    @Override
    public boolean mayKnow(String id) {
        return store.mayHave(IDS, id.getBytes(StandardCharsets.UTF_8));
    }

    /** The sha-256 of the text that was accepted under {@code id}, in hex. */
    @Override
    public Optional<String> contentOf(String id) {
        byte[] hash = store.get(IDS, id.getBytes(StandardCharsets.UTF_8));
        return hash == null ? Optional.empty() : Optional.of(Sha256.hex(hash));
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    @Override
    public void close() {
        store.close();
    }
}
