package io.foretell.launcher;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.learner.checkpoint.CheckpointState;
import io.foretell.learner.checkpoint.CheckpointStore;
import io.foretell.server.PolicyOrigin;
import io.foretell.streams.Codecs;
import io.foretell.weightsync.PolicyStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Folders of runs as a learner leaves them, without one. */
final class RunFolders {
    private RunFolders() {}

    /** A random micro model over bytes. */
    static Path model(Path folder) {
        PolicyOrigin.write(folder, "qwen3", "micro", "bytes", 0.02, 7);
        return folder;
    }

    static void publish(Path run, Path model, long... versions) {
        PolicyStore store = new PolicyStore(run.resolve("policies"), false);
        for (long version : versions) {
            store.publish(version, folder -> copy(model, folder));
        }
    }

    static void checkpoint(Path run, Path model, long step) {
        CheckpointStore store = new CheckpointStore(run.resolve("checkpoints"), 9);
        copy(model, store.begin(step));
        store.commit(step, new CheckpointState(step, 0, Map.of(), Map.of(), Map.of(), "t", List.of()));
    }

    static void buffer(Path run) {
        ExperienceBuffer.open(run.resolve("buffer"), Codecs.scoredGroup(), (record, reason) -> {})
                .close();
    }

    private static void copy(Path model, Path folder) {
        try {
            for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
                Files.copy(model.resolve(name), folder.resolve(name));
            }
            Files.copy(model.resolve("model.safetensors"), folder.resolve("ema.safetensors"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
