package io.foretell.buffer;

import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.objectives.Objective;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A family is a group followed by those it awaited; most groups are a family of one. Pure functions. */
public final class GroupBundle {
    private GroupBundle() {}

    /** Groups in their order, {@code most} families to a batch. */
    public static List<List<ScoredGroup>> batches(List<ScoredGroup> groups, int most) {
        List<List<ScoredGroup>> batches = new ArrayList<>();
        int families = 0;
        for (ScoredGroup group : groups) {
            boolean isFirst = Task.parentOf(group.id()).isEmpty();
            if (batches.isEmpty() || isFirst && families == most) {
                batches.add(new ArrayList<>());
                families = 0;
            }
            families += isFirst ? 1 : 0;
            batches.get(batches.size() - 1).add(group);
        }
        return batches;
    }

    public static int count(List<ScoredGroup> groups) {
        return (int) groups.stream()
                .filter(group -> Task.parentOf(group.id()).isEmpty())
                .count();
    }

    /**
     * The same groups, with what parents earn through their children.
     *
     * @param objectives whose groups they are
     */
    public static List<ScoredGroup> settled(List<ScoredGroup> groups, Function<ScoredGroup, Objective> objectives) {
        Map<String, ScoredGroup> byId = new HashMap<>();
        groups.forEach(group -> byId.put(group.id(), group));
        List<ScoredGroup> settled = new ArrayList<>();
        for (ScoredGroup group : groups) {
            List<Optional<ScoredGroup>> children = group.children().stream()
                    .map(byId::get)
                    .map(Optional::ofNullable)
                    .toList();
            settled.add(children.isEmpty() ? group : objectives.apply(group).finalRewards(group, children));
        }
        return settled;
    }
}
