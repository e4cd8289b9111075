package io.foretell.buffer;

import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import io.foretell.streams.Codec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parents that await children, and children that arrived before their parent. Their bodies are stored by id in the same
 * write as the Kafka positions, so a restart loses none; the ids are also kept in memory. When all children of a parent
 * have arrived or are given up, the family leaves as one.
 *
 * <p>Confined to the buffer's thread.
 */
final class PendingBundles {
    private static final Logger log = LoggerFactory.getLogger(PendingBundles.class);

    /** A parent that awaits children. */
    private static final class Parent {
        final int phase;
        final List<String> awaits;
        final Set<String> missing;

        @Nullable
        Long sinceNanos;

        Parent(ScoredGroup group, Set<String> there) {
            this.phase = group.task().phase();
            this.awaits = group.children();
            this.missing = new LinkedHashSet<>(awaits);
            missing.removeAll(there);
        }
    }

    private final RocksStore store;
    private final Codec<ScoredGroup> codec;
    private final Map<String, Parent> parents = new LinkedHashMap<>();
    /** Phase of every child that has arrived, by id; sorted, which makes siblings neighbours. */
    private final SortedMap<String, Integer> children = new TreeMap<>();

    /** Ids that will never come, of families that are not complete; sorted as the children are. */
    private final SortedSet<String> lost = new TreeSet<>();

    private final Map<String, byte[]> unwritten = new HashMap<>();
    private final List<String> completed = new ArrayList<>();

    PendingBundles(RocksStore store, Codec<ScoredGroup> codec) {
        this.store = store;
        this.codec = codec;
        load();
    }

    private void load() {
        List<ScoredGroup> found = new ArrayList<>();
        store.scan(BufferKeys.WAITING, null, null, (id, body) -> {
            ScoredGroup group = codec.decode(body);
            if (Task.parentOf(group.id()).isPresent()) {
                children.put(group.id(), group.task().phase());
            } else {
                found.add(group);
            }
            return true;
        });
        found.forEach(group -> parents.put(group.id(), new Parent(group, children.keySet())));
    }

    /** How many families are not complete; those whose first group is not there do not count. */
    int size() {
        return parents.size();
    }

    boolean has(String id) {
        return parents.containsKey(id) || children.containsKey(id);
    }

    Set<String> parents() {
        return Set.copyOf(parents.keySet());
    }

    /** Adds a parent or a child. @return the id of the family that is now complete */
    Optional<String> add(BufferChange change, ScoredGroup group, byte[] body) {
        Optional<String> parent = Task.parentOf(group.id());
        Parent waiting = parents.get(parent.orElse(group.id()));
        if (parent.isPresent() && waiting != null && !waiting.missing.contains(group.id())) {
            log.warn("no group awaits the answer {}", group.id());
            change.stray();
            return Optional.empty();
        }
        change.await(group.id(), body);
        unwritten.put(group.id(), body);
        if (parent.isEmpty()) {
            waiting = new Parent(group, children.keySet());
            parents.put(group.id(), waiting);
            for (String each : List.copyOf(waiting.missing)) {
                if (lost.contains(each)) {
                    waiting.missing.remove(each);
                    change.lostChild();
                }
            }
        } else {
            children.put(group.id(), group.task().phase());
        }
        if (waiting != null) {
            waiting.missing.remove(group.id());
        }
        return waiting != null && waiting.missing.isEmpty() ? Optional.of(parent.orElse(group.id())) : Optional.empty();
    }

    /** Gives up a child that will never arrive. @return the id of the family that is now complete */
    Optional<String> lose(BufferChange change, String id) {
        lost.add(id);
        Optional<String> parent = Task.parentOf(id);
        Parent waiting = parent.map(parents::get).orElse(null);
        if (waiting == null || !waiting.missing.remove(id)) {
            return Optional.empty();
        }
        log.warn("group {} continues without the answer {}, which is a dead letter", parent.get(), id);
        change.lostChild();
        return waiting.missing.isEmpty() ? parent : Optional.empty();
    }

    /** Gives up all children awaited for {@code patience}. @return the families that are now complete */
    List<String> giveUp(BufferChange change, long nowNanos, Duration patience) {
        List<String> complete = new ArrayList<>();
        parents.forEach((id, waiting) -> {
            if (waiting.sinceNanos == null) {
                waiting.sinceNanos = nowNanos;
            } else if (nowNanos - waiting.sinceNanos > patience.toNanos()) {
                log.warn("group {} continues without {}: not received within {}", id, waiting.missing, patience);
                waiting.missing.forEach(missing -> change.lostChild());
                waiting.missing.clear();
                complete.add(id);
            }
        });
        return complete;
    }

    /** Removes a family and returns its bodies, the parent's first. */
    List<byte[]> remove(BufferChange change, String parent) {
        Parent waiting = parents.remove(parent);
        completed.add(parent);
        List<byte[]> bodies = new ArrayList<>();
        bodies.add(body(parent));
        change.stopAwaiting(parent);
        List<String> siblings = siblings(parent);
        for (String child : waiting == null ? List.<String>of() : waiting.awaits) {
            if (siblings.remove(child)) {
                bodies.add(body(child));
                leave(change, child);
            }
        }
        siblings.forEach(child -> {
            change.stray();
            leave(change, child);
        });
        return bodies;
    }

    /** Drops all of a phase that is over. @return the parents */
    List<String> dropPhase(BufferChange change, int phase) {
        List<String> dropped = parents.entrySet().stream()
                .filter(each -> each.getValue().phase == phase)
                .map(Map.Entry::getKey)
                .toList();
        dropped.forEach(parent -> remove(change, parent));
        List<String> orphans = children.entrySet().stream()
                .filter(each -> each.getValue() == phase)
                .map(Map.Entry::getKey)
                .toList();
        orphans.forEach(child -> {
            change.stray();
            leave(change, child);
        });
        return dropped;
    }

    /** Changes since the last write have reached the store. */
    void written() {
        unwritten.clear();
        completed.forEach(parent -> lost.subSet(parent + "/", parent + "0").clear());
        completed.clear();
    }

    /** Changes since the last write did not reach the store: reloads what the store has. */
    void revert() {
        unwritten.clear();
        completed.clear();
        parents.clear();
        children.clear();
        load();
    }

    private void leave(BufferChange change, String child) {
        children.remove(child);
        change.stopAwaiting(child);
    }

    /* '0' follows '/'. */
    private List<String> siblings(String parent) {
        return new ArrayList<>(children.subMap(parent + "/", parent + "0").keySet());
    }

    private byte[] body(String id) {
        byte[] body = unwritten.containsKey(id) ? unwritten.get(id) : store.get(BufferKeys.WAITING, BufferKeys.id(id));
        if (body == null) {
            throw new ForetellException(ErrorCode.CORRUPT, "the buffer has no body of the waiting group " + id);
        }
        return body;
    }
}
