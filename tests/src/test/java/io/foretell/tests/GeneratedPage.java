package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A page of the documentation that is generated from its source. The test that generates it fails when the page in the
 * repository is another; with {@code -Dforetell.docs.write=true} it writes the page. Pure functions.
 */
final class GeneratedPage {
    private static final String WRITE = "foretell.docs.write";

    private GeneratedPage() {}

    /** The command that regenerates what {@code test} checks; for the page's own text and for the test's message. */
    static String command(Class<?> test) {
        return "mvn test -pl tests -am -Dtest=" + test.getSimpleName() + " -D" + WRITE + "=true";
    }

    /**
     * Compares {@code page} with {@code content}, or writes it. To be called by the test class itself.
     *
     * @param page relative to the repository, such as {@code docs/http-api.md}
     */
    static void check(Path page, String content) {
        Class<?> test = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .getCallerClass();
        Path file = Manual.ROOT.resolve(page);
        try {
            if (Boolean.getBoolean(WRITE)) {
                Files.createDirectories(file.getParent());
                Files.writeString(file, content, StandardCharsets.UTF_8);
                return;
            }
            String found = Files.exists(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
            assertThat(found)
                    .as("%s is not what is generated; write it with: %s", page, command(test))
                    .isEqualTo(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
