package io.foretell.learner.checkpoint;

import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.FolderManifest;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.NumberedFolders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints a run can resume from: one folder {@code 000123} per step, either complete or absent.
 *
 * <ol>
 *   <li>{@link #begin} gives a folder aside, into which the learner writes weights and optimizer;
 *   <li>{@link #commit} adds the state and a manifest, syncs, renames, and writes the file {@code latest} last;
 *   <li>{@link #loadLatest} begins with the one that {@code latest} names, checks every file, and goes back step by
 *       step over damaged ones. Steps after {@code latest} are of a history that was given up and are never loaded.
 * </ol>
 *
 * <p>A checkpoint once loaded becomes the latest, before anything is trained from it: a later one that was refused
 * today must not be accepted tomorrow, when its groups have been trained on again. Used by one thread at a time.
 */
public final class CheckpointStore {
    /** A checkpoint whose files were all checked. */
    public record Loaded(Path folder, CheckpointState state) {}

    private static final Logger log = LoggerFactory.getLogger(CheckpointStore.class);
    private static final String STATE = "state.json";
    private static final String LATEST = "latest";

    private final Path dir;
    private final NumberedFolders folders;
    private final int keepLast;

    /**
     * Opens the store and deletes what a crash left half-written.
     *
     * @param keepLast how many checkpoints stay, at least 1
     */
    public CheckpointStore(Path dir, int keepLast) {
        if (keepLast < 1) {
            throw new IllegalArgumentException("at least one checkpoint must be kept, not " + keepLast);
        }
        this.dir = dir;
        this.folders = new NumberedFolders(dir);
        this.keepLast = keepLast;
    }

    /** An empty folder to write the checkpoint of {@code step} into. */
    public Path begin(long step) {
        return folders.begin(step);
    }

    /** Deletes what was written since {@link #begin}, so that a full disk has its room back. */
    void abandon(long step) {
        folders.abandon(step);
    }

    /**
     * Makes what was written since {@link #begin} the latest checkpoint, and deletes all but the last few.
     *
     * @return its bytes
     * @throws ForetellException STORAGE when the disk is full or fails; then nothing of it is visible and the
     *     checkpoint before it is still the latest
     */
    public long commit(long step, CheckpointState state) {
        if (state.step() != step) {
            throw new IllegalArgumentException("the state of step " + state.step() + " is not that of step " + step);
        }
        FolderManifest manifest;
        try {
            Path aside = folders.aside(step);
            FolderManifest.write(aside.resolve(STATE), state);
            manifest = FolderManifest.of(aside);
            manifest.writeTo(aside, true);
            folders.publish(step, true);
        } catch (RuntimeException e) {
            folders.abandon(step);
            throw e;
        }
        makeLatest(step);
        retain(step);
        return manifest.bytes();
    }

    public Path folder(long step) {
        return folders.folder(step);
    }

    /** Steps of the checkpoints there are, ascending, checked or not. */
    public List<Long> steps() {
        return folders.numbers();
    }

    /**
     * The checkpoint to resume from: the newest complete one. Damaged ones are named in the log.
     *
     * @return empty when there is none
     */
    public Optional<Loaded> loadLatest() {
        List<Long> steps = folders.numbers();
        if (steps.isEmpty()) {
            return Optional.empty();
        }
        long latest = latest().orElse(steps.get(steps.size() - 1));
        if (!steps.contains(latest)) {
            log.error("checkpoint {} is named by {} but is not there", NumberedFolders.name(latest), LATEST);
        }
        for (int i = steps.size() - 1; i >= 0; i--) {
            if (steps.get(i) <= latest) {
                Optional<Loaded> loaded = loadOrRefuse(steps.get(i));
                if (loaded.isPresent()) {
                    return loaded;
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Loaded> loadOrRefuse(long step) {
        try {
            Loaded loaded = read(folders.folder(step));
            if (loaded.state().step() != step) {
                throw FolderManifest.damaged(
                        loaded.folder(),
                        STATE + " is that of step " + loaded.state().step());
            }
            makeLatest(step);
            return Optional.of(loaded);
        } catch (ForetellException e) {
            if (e.code() != ErrorCode.CORRUPT) {
                throw e;
            }
            log.error("checkpoint {} is refused: {}", NumberedFolders.name(step), e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * The checkpoint in {@code folder}, to resume from.
     *
     * @throws ForetellException CORRUPT when it is damaged, with a sentence that names the file; NOT_FOUND when there
     *     is no such folder
     */
    public Loaded loadFrom(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new ForetellException(ErrorCode.NOT_FOUND, "there is no checkpoint folder " + folder);
        }
        Loaded loaded = read(folder);
        long step = loaded.state().step();
        if (folder.toAbsolutePath()
                .normalize()
                .equals(folders.folder(step).toAbsolutePath().normalize())) {
            makeLatest(step);
        }
        return loaded;
    }

    private static Loaded read(Path folder) {
        FolderManifest manifest = FolderManifest.read(folder);
        if (!manifest.files().containsKey(STATE)) {
            throw FolderManifest.damaged(folder, "its manifest does not name " + STATE);
        }
        manifest.verify(folder);
        try {
            return new Loaded(
                    folder, Json.mapper().readValue(folder.resolve(STATE).toFile(), CheckpointState.class));
        } catch (IOException | RuntimeException e) {
            throw FolderManifest.damaged(folder, STATE + " is not a state that this program reads: " + e.getMessage());
        }
    }

    private OptionalLong latest() {
        Path file = dir.resolve(LATEST);
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
        } catch (NoSuchFileException e) {
            log.warn("{} is missing, the newest checkpoint that is whole is used", file);
        } catch (IOException | NumberFormatException e) {
            log.warn("{} is unreadable, the newest checkpoint that is whole is used: {}", file, e.getMessage());
        }
        return OptionalLong.empty();
    }

    private void makeLatest(long step) {
        AtomicFiles.write(dir.resolve(LATEST), (NumberedFolders.name(step) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void retain(long latest) {
        List<Long> steps = folders.numbers();
        List<Long> surviving = steps.stream().filter(step -> step <= latest).toList();
        List<Long> kept = surviving.subList(Math.max(0, surviving.size() - keepLast), surviving.size());
        steps.stream().filter(step -> !kept.contains(step)).forEach(folders::delete);
    }
}
