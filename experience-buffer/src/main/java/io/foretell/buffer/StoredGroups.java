package io.foretell.buffer;

import io.foretell.buffer.BufferChange.Stored;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The buffer's look-ups; every one touches only the groups it returns. Thread-safe. */
final class StoredGroups {
    private final RocksStore store;

    StoredGroups(RocksStore store) {
        this.store = store;
    }

    /** Those of {@code ids} that were ever stored. */
    Set<String> known(List<String> ids) {
        List<byte @Nullable []> states = states(ids);
        Set<String> known = new HashSet<>();
        for (int i = 0; i < ids.size(); i++) {
            if (states.get(i) != null) {
                known.add(ids.get(i));
            }
        }
        return known;
    }

    /** At most {@code most} usable groups of a phase, in order, from a sequence on. */
    List<Stored> usable(int phase, long fromSequence, int most) {
        List<String> ids = new ArrayList<>();
        byte[] from = BufferKeys.usable(phase, fromSequence);
        byte[] to = BufferKeys.usable(phase + 1, 0);
        store.scan(BufferKeys.USABLE, from, to, (key, id) -> {
            ids.add(BufferKeys.id(id));
            return ids.size() < most;
        });
        return withStates(ids);
    }

    /** At most {@code most} usable groups of a phase, in reverse order, from before {@code end} down to {@code from}. */
    List<Stored> usableBackwards(int phase, long from, long end, int most) {
        List<String> ids = new ArrayList<>();
        store.scanBackwards(
                BufferKeys.USABLE, BufferKeys.usable(phase, from), BufferKeys.usable(phase, end), (key, id) -> {
                    ids.add(BufferKeys.id(id));
                    return ids.size() < most;
                });
        return withStates(ids);
    }

    /** The group of a phase with that sequence, if it is usable. */
    Optional<Stored> usableAt(int phase, long sequence) {
        byte[] id = store.get(BufferKeys.USABLE, BufferKeys.usable(phase, sequence));
        return id == null ? Optional.empty() : Optional.of(byId(BufferKeys.id(id)));
    }

    /** The group with that id, which must be there. */
    Stored byId(String id) {
        return withStates(List.of(id)).get(0);
    }

    /** Groups used at a step from {@code first} to before {@code end} whose bodies are stored. */
    List<Stored> used(long first, long end) {
        List<String> ids = new ArrayList<>();
        store.scan(BufferKeys.USED, BufferKeys.used(first, 0), BufferKeys.used(end, 0), (key, id) -> {
            ids.add(BufferKeys.id(id));
            return true;
        });
        return withStates(ids);
    }

    /** The bodies, in the order of the groups. */
    List<byte[]> bodies(List<Stored> groups) {
        List<byte[]> keys = groups.stream()
                .map(group -> BufferKeys.body(group.state().sequence()))
                .toList();
        List<byte @Nullable []> found = keys.isEmpty() ? List.of() : store.multiGet(BufferKeys.GROUPS, keys);
        List<byte[]> bodies = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            byte[] body = found.get(i);
            if (body == null) {
                throw new ForetellException(
                        ErrorCode.CORRUPT,
                        "the buffer has no body of the group " + groups.get(i).id());
            }
            bodies.add(body);
        }
        return bodies;
    }

    private List<Stored> withStates(List<String> ids) {
        List<byte @Nullable []> states = states(ids);
        List<Stored> groups = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            byte[] state = states.get(i);
            if (state == null) {
                throw new ForetellException(
                        ErrorCode.CORRUPT, "the buffer lists group " + ids.get(i) + " without a state");
            }
            groups.add(new Stored(ids.get(i), GroupState.decode(ids.get(i), state)));
        }
        return groups;
    }

    private List<byte @Nullable []> states(List<String> ids) {
        List<byte[]> keys = ids.stream().map(BufferKeys::id).toList();
        return keys.isEmpty() ? List.of() : store.multiGet(BufferKeys.STATES, keys);
    }
}
