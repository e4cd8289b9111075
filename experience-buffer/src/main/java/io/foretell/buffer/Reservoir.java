package io.foretell.buffer;

import io.foretell.buffer.BufferChange.Stored;
import io.foretell.domain.RandomStreams;
import io.foretell.platform.RocksStore;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A uniform sample of the groups trained on, for replay (algorithm R of Vitter, ACM TOMS 11(1), 1985): the n-th group
 * offered takes a random one of n places, and stays if that place exists.
 *
 * <p>Only groups behind the oldest checkpoint are offered, so no crash can take one back, and only groups in which nothing
 * was sampled: what a policy of long ago thought is no experience of this one. Confined to the learner's thread.
 */
final class Reservoir {
    private final RocksStore store;
    private final StoredGroups stored;
    private final int places;
    private final long seed;

    Reservoir(RocksStore store, StoredGroups stored, int places, long seed) {
        this.store = store;
        this.stored = stored;
        this.places = places;
        this.seed = seed;
    }

    /** Offers groups whose bodies would be deleted otherwise; they and those they take the place of go into the change. */
    void offer(BufferChange change, List<Stored> groups) {
        Map<Long, Stored> changed = new TreeMap<>();
        for (Stored group : groups) {
            if (group.state().oldestVersion() >= 0) {
                change.discard(group);
                continue;
            }
            long offered = change.offered();
            long place = offered < places
                    ? offered
                    : RandomStreams.of(seed, "reservoir", offered).nextLong(offered + 1);
            if (place >= places) {
                change.discard(group);
                continue;
            }
            Stored before = changed.containsKey(place) ? changed.get(place) : at(place);
            if (before != null) {
                change.discard(before);
            }
            changed.put(place, group);
        }
        changed.forEach(change::replayable);
    }

    /** At most {@code count} different groups, drawn for {@code step}: the same ones whenever the reservoir is the same. */
    List<Stored> draw(int count, long step, long offered) {
        long filled = Math.min(places, offered);
        SplittableRandom random = RandomStreams.of(seed, "replay", step);
        Set<Long> chosen = new LinkedHashSet<>();
        while (chosen.size() < Math.min(count, filled)) {
            chosen.add(random.nextLong(filled));
        }
        List<Stored> groups = new ArrayList<>();
        for (long place : chosen) {
            Stored group = at(place);
            if (group != null) {
                groups.add(group);
            }
        }
        return groups;
    }

    private @Nullable Stored at(long place) {
        byte[] id = store.get(BufferKeys.REPLAY, BufferKeys.body(place));
        return id == null ? null : stored.byId(BufferKeys.id(id));
    }
}
