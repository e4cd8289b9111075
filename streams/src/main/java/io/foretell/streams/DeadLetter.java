package io.foretell.streams;

import java.util.Map;
import java.util.Optional;

/**
 * A record that nothing could be done with, as it was, and why.
 *
 * @param topic where it came from, with {@code partition} and {@code offset}
 * @param key its key, empty where it had none
 * @param value its original bytes
 * @param reason one sentence
 * @param headers everything known of it: {@link #TASK_ID}, {@link #PHASE}, and the headers of the original
 */
public record DeadLetter(
        String topic,
        int partition,
        long offset,
        String key,
        byte[] value,
        String reason,
        Map<String, String> headers) {
    public static final String TASK_ID = "task_id";
    public static final String PHASE = "phase";

    public DeadLetter {
        headers = Map.copyOf(headers);
    }

    public Optional<String> taskId() {
        return Optional.ofNullable(headers.get(TASK_ID));
    }

    /** The phase the task belonged to, where it is known. */
    public Optional<Integer> phase() {
        String phase = headers.get(PHASE);
        return phase != null && phase.matches("\\d{1,6}") ? Optional.of(Integer.parseInt(phase)) : Optional.empty();
    }
}
