package io.foretell.sources;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The registry of file formats, selected by file extension. Each also reads gzip-compressed files, .gz. Pure functions.
 */
public final class FileFormats {
    private static final String PACKED = ".gz";
    private static final List<FileFormat> ALL = List.of(new TextFormat(), new JsonLinesFormat(), new JsonFormat());

    private FileFormats() {}

    static Optional<FileFormat> of(Path file) {
        String name = name(file);
        String plain = isPacked(file) ? name.substring(0, name.length() - PACKED.length()) : name;
        return ALL.stream()
                .filter(format -> format.endings().stream().anyMatch(plain::endsWith))
                .findFirst();
    }

    static boolean isPacked(Path file) {
        return name(file).endsWith(PACKED);
    }

    private static String name(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT);
    }

    /** Whether {@code file} has a known extension. */
    public static boolean isKnown(Path file) {
        return of(file).isPresent();
    }

    /** All extensions as a phrase, such as {@code .txt, .md or .json (also .gz)}. */
    public static String endings() {
        List<String> endings =
                ALL.stream().flatMap(format -> format.endings().stream()).toList();
        int last = endings.size() - 1;
        return String.join(", ", endings.subList(0, last)) + " or " + endings.get(last) + " (also " + PACKED + ")";
    }
}
