package io.foretell.domain;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/**
 * One piece of work, cut from a document or spawned by another task's group: a prompt, and the text that really
 * follows.
 *
 * @param id unique in a run; also the id of the rollout group that answers it. The id of a spawned task is its parent's
 *     id, a slash, and a suffix that is unique among its siblings
 * @param run name of the run
 * @param phase index into the run's phases
 * @param objective name of the {@code Objective} that made it and will reward it
 * @param documentId the document it was cut from
 * @param prompt tokens shown to the model, without any thought channel; may be empty
 * @param target the tokens that follow the prompt in the document, at least one
 * @param seed seed from which its rollouts' seeds are derived
 * @param minPolicyVersion the oldest policy allowed to answer it; -1 for any
 * @param issuedAt when the feeder wrote it
 */
public record Task(
        String id,
        String run,
        int phase,
        String objective,
        String documentId,
        TokenArray prompt,
        TokenArray target,
        long seed,
        long minPolicyVersion,
        Instant issuedAt) {
    public Task {
        if (target.isEmpty()) {
            throw new IllegalArgumentException("task " + id + " has no target token");
        }
    }

    /** The prompt and the text that really follows. */
    public Example example() {
        return new Example(prompt, target);
    }

    /** The id of the group that spawned task {@code id}; empty for a task cut from a document. */
    public static Optional<String> parentOf(String id) {
        int slash = id.lastIndexOf('/');
        return slash < 0 ? Optional.empty() : Optional.of(id.substring(0, slash));
    }

    /**
     * A subtask spawned by this task's group, with the same limits. The id depends on its content: if a parent is
     * sampled twice, as after a crash, the answers to the two samples do not mix.
     *
     * @param index its number among its siblings
     */
    public Task child(int index, Example cut, Instant spawnedAt) {
        byte[] hash = hash(index, cut);
        return new Task(
                id + "/" + index + "-" + HexFormat.of().formatHex(hash, 0, 8),
                run,
                phase,
                objective,
                documentId,
                cut.prompt(),
                cut.target(),
                ByteBuffer.wrap(hash).getLong(8),
                minPolicyVersion,
                spawnedAt);
    }

    private byte[] hash(int index, Example cut) {
        int[] prompt = cut.prompt().toArray();
        int[] target = cut.target().toArray();
        ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * (2 + prompt.length + target.length));
        bytes.putLong(seed).putInt(index).putInt(prompt.length);
        for (int token : prompt) {
            bytes.putInt(token);
        }
        for (int token : target) {
            bytes.putInt(token);
        }
        return Sha256.of(bytes.array());
    }
}
