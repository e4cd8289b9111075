package io.foretell.buffer;

import io.foretell.buffer.BufferChange.Stored;
import io.foretell.domain.RandomStreams;
import io.foretell.domain.ScoredGroup;
import io.foretell.streams.UnreadableRecordException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a step takes out of the buffer: new groups in the order of a {@link GroupSelector}, without those that are stale,
 * refused or unreadable, and earlier groups to replay. Confined to the buffer's thread.
 */
public final class BatchTaker {
    private static final Logger log = LoggerFactory.getLogger(BatchTaker.class);

    /**
     * The batch of a step.
     *
     * @param phase whose groups are taken
     * @param count of groups, those they awaited not counted
     * @param step that trains on them
     * @param currentVersion version of the weights that will train on them
     * @param maxOffPolicySteps groups whose oldest version is more than this behind are dropped; negative for no limit
     * @param refusal why a group that is not stale is dropped all the same, or empty
     */
    public record Wanted(
            int phase,
            int count,
            long step,
            long currentVersion,
            int maxOffPolicySteps,
            Function<ScoredGroup, String> refusal) {
        /** A group in which nothing was sampled is never stale. */
        private boolean isStale(Stored group) {
            long oldest = group.state().oldestVersion();
            return maxOffPolicySteps >= 0 && oldest >= 0 && oldest < currentVersion - maxOffPolicySteps;
        }
    }

    private final BundleCodec bundles;
    private final StoredGroups stored;
    private final Reservoir reservoir;
    private final BufferSettings settings;
    private final long seed;

    BatchTaker(BundleCodec bundles, StoredGroups stored, Reservoir reservoir, BufferSettings settings, long seed) {
        this.bundles = bundles;
        this.stored = stored;
        this.reservoir = reservoir;
        this.settings = settings;
        this.seed = seed;
    }

    /** Takes all requested groups and marks them as used, each followed by its children; takes none if there are too few. */
    List<ScoredGroup> take(BufferChange change, Wanted wanted) {
        BufferCounters before = change.before();
        int phase = wanted.phase();
        if (wanted.count() < 1 || wanted.step() <= before.forgottenUpTo()) {
            throw new IllegalArgumentException("cannot take " + wanted.count() + " groups for step " + wanted.step()
                    + ": bodies up to step " + before.forgottenUpTo() + " are forgotten");
        }
        GroupSelector selection = new GroupSelector(
                stored,
                settings.sampling(),
                phase,
                before.phase(phase).firstUsable(),
                before.nextSequence(),
                RandomStreams.of(seed, "selection", wanted.step()));
        List<Stored> chosen = new ArrayList<>();
        List<ScoredGroup> taken = new ArrayList<>();
        while (chosen.size() < wanted.count()) {
            List<Stored> found = selection.next(wanted.count() - chosen.size());
            if (found.isEmpty()) {
                break;
            }
            List<Stored> fresh = withoutStale(change, found, wanted);
            List<byte[]> bodies = stored.bodies(fresh);
            for (int i = 0; i < fresh.size(); i++) {
                Stored group = fresh.get(i);
                family(change, group, bodies.get(i), wanted.refusal()).ifPresent(family -> {
                    chosen.add(group);
                    taken.addAll(family);
                });
            }
        }
        boolean enough = chosen.size() == wanted.count();
        if (enough) {
            chosen.forEach(group -> change.use(group, wanted.step()));
        }
        LongStream left = enough
                ? LongStream.empty()
                : chosen.stream().mapToLong(group -> group.state().sequence());
        change.firstUsable(phase, Math.min(left.min().orElse(Long.MAX_VALUE), selection.firstUsable()));
        return enough ? Collections.unmodifiableList(taken) : List.of();
    }

    private static List<Stored> withoutStale(BufferChange change, List<Stored> found, Wanted wanted) {
        List<Stored> fresh = new ArrayList<>();
        for (Stored group : found) {
            if (wanted.isStale(group)) {
                change.drop(group, "stale");
            } else {
                fresh.add(group);
            }
        }
        return fresh;
    }

    /* A body that was readable when it came can be unreadable to a program two schema versions later. */
    private Optional<List<ScoredGroup>> family(
            BufferChange change, Stored group, byte[] body, Function<ScoredGroup, String> refusal) {
        try {
            List<ScoredGroup> family = bundles.decode(body);
            Optional<String> reason = family.stream()
                    .map(refusal)
                    .filter(refused -> !refused.isEmpty())
                    .findFirst();
            reason.ifPresent(refused -> change.drop(group, refused));
            return reason.isPresent() ? Optional.empty() : Optional.of(family);
        } catch (UnreadableRecordException e) {
            log.error("a stored group is dropped groupId={} reason={}", group.id(), e.getMessage());
            change.drop(group, "unreadable: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Earlier groups to train on at {@code step} in addition to {@code fresh} new ones. */
    List<ScoredGroup> replay(int fresh, long step, long offered) {
        if (!settings.isReplaying()) {
            return List.of();
        }
        List<Stored> drawn = reservoir.draw(settings.replayed(fresh), step, offered);
        return stored.bodies(drawn).stream()
                .flatMap(body -> bundles.decode(body).stream())
                .toList();
    }
}
