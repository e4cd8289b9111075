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
 * Groups that await others, and others that came before the group that awaits them. Their bodies are stored under their ids
 * in the same writes as the positions behind them, so a restart loses none; which are there is also known in memory. Once
 * all of a family are there, or given up, they leave together.
 *
 * <p>Confined to the buffer's thread.
 */
final class PendingBundles {
    private static final Logger log = LoggerFactory.getLogger(PendingBundles.class);

    /** A group that awaits others. */
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
    /** Id of every child that is there to its phase; sorted, so that siblings are neighbours. */
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

    /** Takes in a group that awaits others, or is awaited. @return the id of the family that is complete now */
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

    /** Gives up an awaited group that will never come. @return the id of the family that is complete now */
    Optional<String> lose(BufferChange change, String id) {
        lost.add(id);
        Optional<String> parent = Task.parentOf(id);
        Parent waiting = parent.map(parents::get).orElse(null);
        if (waiting == null || !waiting.missing.remove(id)) {
            return Optional.empty();
        }
        log.warn("group {} goes on without the answer {}, a dead letter", parent.get(), id);
        change.lostChild();
        return waiting.missing.isEmpty() ? parent : Optional.empty();
    }

    /** Gives up everything that was awaited for {@code patience}. @return the families that are complete now */
    List<String> giveUp(BufferChange change, long nowNanos, Duration patience) {
        List<String> complete = new ArrayList<>();
        parents.forEach((id, waiting) -> {
            if (waiting.sinceNanos == null) {
                waiting.sinceNanos = nowNanos;
            } else if (nowNanos - waiting.sinceNanos > patience.toNanos()) {
                log.warn("group {} goes on without {}: they did not come in {}", id, waiting.missing, patience);
                waiting.missing.forEach(missing -> change.lostChild());
                waiting.missing.clear();
                complete.add(id);
            }
        });
        return complete;
    }

    /** The bodies of a family, the parent's first, which is no longer here after that. */
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

    /** What changed is in the store. */
    void written() {
        unwritten.clear();
        completed.forEach(parent -> lost.subSet(parent + "/", parent + "0").clear());
        completed.clear();
    }

    /** What changed since the last write did not reach the store: goes back to what the store has. */
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
