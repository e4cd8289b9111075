package io.foretell.learner.checkpoint;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The parts of a checkpoint that a resumed run restores; the others start as in a new run. */
public enum ResumePart {
    /** The policy and its teacher. */
    WEIGHTS,
    /** Moments and step counts of the optimizer. */
    OPTIMIZER,
    /** Groups that wait or were used after the checkpoint; otherwise they are dropped. */
    BUFFER,
    /** Where Kafka is read on; otherwise what is on the topic already is dropped. */
    POSITIONS;

    /** @throws IllegalArgumentException when a name is unknown */
    public static Set<ResumePart> parse(List<String> names) {
        List<ResumePart> found = new ArrayList<>();
        for (String name : names) {
            found.add(EnumSet.allOf(ResumePart.class).stream()
                    .filter(known -> known.name().toLowerCase(Locale.ROOT).equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("resume_restore has '" + name
                            + "' but may only have weights, optimizer, buffer and positions")));
        }
        return Set.copyOf(found);
    }
}
