package io.foretell.buffer;

import io.foretell.buffer.BufferChange.Stored;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The usable groups of a phase in the order a step takes them, each once: oldest first, freshest first, or uniformly at
 * random. Its cost does not depend on how many groups there ever were. Confined to the call that makes it.
 */
final class GroupSelector {
    /* Draws of a place in the order until it is cheaper to list what is usable. */
    private static final int DRAWS_PER_GROUP = 64;

    private final StoredGroups stored;
    private final String sampling;
    private final int phase;
    private final SplittableRandom random;
    private final Set<Long> drawn = new HashSet<>();
    private long from;
    private long end;

    /**
     * @param from no usable group of the phase has a lower sequence
     * @param end nor one as high as this
     */
    GroupSelector(StoredGroups stored, String sampling, int phase, long from, long end, SplittableRandom random) {
        this.stored = stored;
        this.sampling = sampling;
        this.phase = phase;
        this.random = random;
        this.end = end;
        this.from = sampling.equals("oldest")
                ? from
                : stored.usable(phase, from, 1).stream()
                        .mapToLong(group -> group.state().sequence())
                        .findFirst()
                        .orElse(end);
    }

    /** At most {@code most} more; none when there are no others. */
    List<Stored> next(int most) {
        return switch (sampling) {
            case "oldest" -> oldest(most);
            case "freshest" -> freshest(most);
            default -> uniform(most);
        };
    }

    /** A sequence below which no usable group is left when all that were given are used or dropped. */
    long firstUsable() {
        return from;
    }

    private List<Stored> oldest(int most) {
        List<Stored> found = stored.usable(phase, from, most);
        if (!found.isEmpty()) {
            from = found.get(found.size() - 1).state().sequence() + 1;
        }
        return found;
    }

    private List<Stored> freshest(int most) {
        List<Stored> found = stored.usableBackwards(phase, from, end, most);
        if (!found.isEmpty()) {
            end = found.get(found.size() - 1).state().sequence();
        }
        return found;
    }

    /** Every usable group that was not drawn before is as likely as any other: places without one are drawn again. */
    private List<Stored> uniform(int most) {
        List<Stored> found = new ArrayList<>();
        for (long draws = (long) DRAWS_PER_GROUP * most; draws > 0 && found.size() < most && from < end; draws--) {
            long sequence = random.nextLong(from, end);
            if (drawn.add(sequence)) {
                stored.usableAt(phase, sequence).ifPresent(found::add);
            }
        }
        if (found.size() < most && from < end) {
            found.addAll(rest(most - found.size()));
        }
        return found;
    }

    private List<Stored> rest(int most) {
        List<Stored> others = new ArrayList<>(stored.usable(phase, from, Integer.MAX_VALUE));
        others.removeIf(group -> drawn.contains(group.state().sequence()));
        List<Stored> found = new ArrayList<>();
        while (found.size() < most && !others.isEmpty()) {
            Stored chosen = others.remove(random.nextInt(others.size()));
            drawn.add(chosen.state().sequence());
            found.add(chosen);
        }
        return found;
    }
}
