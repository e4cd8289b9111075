package io.foretell.tests;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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
            if (!found.equals(content)) {
                fail(
                        "%s is not what is generated%s\nwrite it with: %s",
                        page, difference(found, content), command(test));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String difference(String found, String content) {
        List<String> is = found.lines().toList();
        List<String> generated = content.lines().toList();
        int line = 0;
        while (line < Math.min(is.size(), generated.size()) && is.get(line).equals(generated.get(line))) {
            line++;
        }
        return ", from line " + (line + 1) + " on\nit says:   " + at(is, line) + "\ngenerated: " + at(generated, line);
    }

    private static String at(List<String> lines, int line) {
        return line < lines.size() ? lines.get(line) : "(the end)";
    }
}
