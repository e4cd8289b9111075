package io.foretell.streams;

import io.foretell.domain.Task;
import io.foretell.platform.Time;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/**
 * Tasks that will never reach the learner because they, or the rollouts that answer them, became dead letters. Each
 * counts once. Confined to the feeder's thread.
 */
final class DeadTasks implements AutoCloseable {
    private final DeadLetterReader letters;
    private final Set<String> known = new HashSet<>();
    private final Map<Integer, Long> perPhase = new TreeMap<>();

    DeadTasks(String bootstrap, Topics topics, IntSupplier unknownPhase, Time time) {
        this.letters = new DeadLetterReader(bootstrap, topics, time);
        letters.readToEnd(lost -> count(lost, unknownPhase));
    }

    /** Reads what has arrived, without waiting. */
    void poll(IntSupplier unknownPhase) {
        letters.poll(Duration.ZERO, lost -> count(lost, unknownPhase));
    }

    /* The feeder did not issue what was spawned, and the learner counts it with its parent. */
    private void count(DeadLetterReader.Lost lost, IntSupplier unknownPhase) {
        if (Task.parentOf(lost.taskId()).isEmpty() && known.add(lost.taskId())) {
            perPhase.merge(lost.phase().orElseGet(unknownPhase::getAsInt), 1L, Long::sum);
        }
    }

    List<Long> perPhase(int phases) {
        Long[] counts = new Long[phases];
        for (int k = 0; k < phases; k++) {
            counts[k] = perPhase.getOrDefault(k, 0L);
        }
        return Collections.unmodifiableList(List.of(counts));
    }

    @Override
    public void close() {
        letters.close();
    }
}
