package io.foretell.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Folders {@code 000123} that are published, replaced and deleted atomically, by renames.
 *
 * <p>A folder is written as {@code 000123.aside}. A folder being replaced waits as {@code 000123.replaced} until its
 * successor is in place; one being deleted becomes an aside again. The constructor repairs leftovers of a crash.
 * Confined to one thread.
 */
public final class NumberedFolders {
    private static final Pattern NUMBER = Pattern.compile("\\d{6,18}");
    private static final String ASIDE = ".aside";
    private static final String REPLACED = ".replaced";

    private final Path dir;

    public NumberedFolders(Path dir) {
        this.dir = dir;
        try {
            Files.createDirectories(dir);
        } catch (IOException e) {
            throw failed("make", dir, e);
        }
        for (String name : names(dir)) {
            if (name.endsWith(ASIDE)) {
                AtomicFiles.deleteFolder(dir.resolve(name));
            } else if (name.endsWith(REPLACED)) {
                putRight(name);
            }
        }
    }

    private void putRight(String replaced) {
        Path original = dir.resolve(replaced.substring(0, replaced.length() - REPLACED.length()));
        if (Files.exists(original)) {
            AtomicFiles.deleteFolder(dir.resolve(replaced));
        } else {
            move(dir.resolve(replaced), original);
        }
    }

    public static String name(long number) {
        if (number < 0) {
            throw new IllegalArgumentException("a folder cannot have the number " + number);
        }
        return String.format(Locale.ROOT, "%06d", number);
    }

    public Path folder(long number) {
        return dir.resolve(name(number));
    }

    /** The existing numbers, ascending. */
    public List<Long> numbers() {
        return numbersIn(dir);
    }

    /** As {@link #numbers()}, for a folder that another thread or process writes; callable from any thread. */
    public static List<Long> numbersIn(Path dir) {
        return names(dir).stream()
                .filter(name -> NUMBER.matcher(name).matches())
                .map(Long::valueOf)
                .filter(number -> Files.isDirectory(dir.resolve(name(number))))
                .sorted()
                .toList();
    }

    /** An empty folder to write into. */
    public Path begin(long number) {
        Path aside = aside(number);
        AtomicFiles.deleteFolder(aside);
        try {
            return Files.createDirectory(aside);
        } catch (IOException e) {
            throw failed("make", aside, e);
        }
    }

    /** Where {@link #begin} put the folder. */
    public Path aside(long number) {
        return dir.resolve(name(number) + ASIDE);
    }

    /**
     * Publishes the folder, replacing the one with that number, if any.
     *
     * @param sync whether it must survive a power failure
     */
    public Path publish(long number, boolean sync) {
        Path folder = folder(number);
        Path replaced = dir.resolve(name(number) + REPLACED);
        boolean replacing = Files.exists(folder);
        if (replacing) {
            AtomicFiles.deleteFolder(replaced);
            move(folder, replaced);
        }
        try {
            if (sync) {
                AtomicFiles.publishFolder(aside(number), folder);
            } else {
                move(aside(number), folder);
            }
        } catch (RuntimeException e) {
            if (replacing && !Files.exists(folder)) {
                move(replaced, folder);
            }
            throw e;
        }
        AtomicFiles.deleteFolder(replaced);
        return folder;
    }

    /** Deletes the folder of {@link #begin}, to free its disk space. */
    public void abandon(long number) {
        AtomicFiles.deleteFolder(aside(number));
    }

    public void delete(long number) {
        Path aside = aside(number);
        AtomicFiles.deleteFolder(aside);
        move(folder(number), aside);
        AtomicFiles.deleteFolder(aside);
    }

    private static List<String> names(Path dir) {
        try (Stream<Path> found = Files.list(dir)) {
            return found.map(path -> path.getFileName().toString()).toList();
        } catch (IOException e) {
            throw failed("read", dir, e);
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed("rename", from, e);
        }
    }

    private static ForetellException failed(String verb, Path path, IOException e) {
        return new ForetellException(ErrorCode.STORAGE, "cannot " + verb + " " + path + ": " + e.getMessage(), e);
    }
}
