package io.foretell.learner;

import io.foretell.buffer.GroupBundle;
import io.foretell.domain.ScoredGroup;
import io.foretell.platform.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The order of the groups in a batch, and what the step log says of them for an audit to compare. Pure functions. */
public final class BatchOrder {
    private BatchOrder() {}

    /** By id, so that sums do not depend on the order in which groups came. */
    public static List<ScoredGroup> ordered(List<ScoredGroup> groups) {
        return groups.stream().sorted(Comparator.comparing(ScoredGroup::id)).toList();
    }

    /** Both together, replayed families evenly between the fresh ones, so that every mini-batch has its share. */
    static List<ScoredGroup> mixed(List<ScoredGroup> fresh, List<ScoredGroup> replayed) {
        List<List<ScoredGroup>> own = GroupBundle.batches(fresh, 1);
        List<List<ScoredGroup>> others = GroupBundle.batches(replayed, 1);
        List<ScoredGroup> all = new ArrayList<>();
        for (int i = 0; i < own.size(); i++) {
            all.addAll(own.get(i));
            others.subList(i * others.size() / own.size(), (i + 1) * others.size() / own.size())
                    .forEach(all::addAll);
        }
        return all;
    }

    /** Sha-256 in hex of the ids of the groups, in order, one a line. */
    public static String digest(List<ScoredGroup> groups) {
        MessageDigest digest = Sha256.digest();
        for (ScoredGroup group : groups) {
            digest.update((group.id() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return Sha256.hex(digest.digest());
    }
}
