package io.foretell.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The README and the pages of {@code docs/}, as text, code blocks, links and anchors. Immutable. */
final class Manual {
    /** The repository's folder. */
    static final Path ROOT = root();

    /* Records of measurements: they name what was true when they were made. */
    private static final Set<String> RECORDS = Set.of("docs/lab", "docs/experiments");

    /** A fenced block of {@code language}. */
    record Block(String language, String text) {}

    /** A page, by its path relative to the repository. */
    record Page(Path path, String text) {
        /** The blocks between lines of three backticks. */
        List<Block> blocks() {
            List<Block> blocks = new ArrayList<>();
            Matcher matcher = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$").matcher(text);
            while (matcher.find()) {
                blocks.add(new Block(matcher.group(1), matcher.group(2)));
            }
            return blocks;
        }

        /** The page without its blocks. */
        String prose() {
            return text.replaceAll("(?ms)^```\\w*\\n.*?^```$", "");
        }

        /** What stands between single backticks in the prose. */
        List<String> spans() {
            return find("`([^`\\n]+)`");
        }

        /** Targets of links and pictures, those of the web left out. */
        List<String> links() {
            return find("\\]\\(([^)\\s]+)\\)").stream()
                    .filter(target -> !target.matches("\\w+:.*"))
                    .toList();
        }

        /** Names that a link's {@code #part} may have, as GitHub makes them of headings. */
        Set<String> anchors() {
            return Pattern.compile("(?m)^#+ (.*)$")
                    .matcher(prose())
                    .results()
                    .map(heading -> anchor(heading.group(1)))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        private List<String> find(String pattern) {
            return Pattern.compile(pattern)
                    .matcher(prose())
                    .results()
                    .map(found -> found.group(1))
                    .toList();
        }

        /** The page or file that a link leads to. */
        Path target(String link) {
            Path folder = ROOT.resolve(path).getParent();
            String file = link.split("#", 2)[0];
            return (file.isEmpty() ? ROOT.resolve(path) : folder.resolve(file)).normalize();
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    private Manual() {}

    /** Every page, records of measurements included. */
    static List<Page> allPages() {
        try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(Stream.of(ROOT.resolve("README.md")), files)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .map(file -> new Page(ROOT.relativize(file), TestRun.read(file)))
                    .toList();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The pages that must be true today. */
    static List<Page> pages() {
        return allPages().stream()
                .filter(page -> RECORDS.stream().noneMatch(folder -> page.path().startsWith(folder)))
                .toList();
    }

    /** The page at {@code path}. */
    static Page page(String path) {
        return new Page(Path.of(path), TestRun.read(ROOT.resolve(path)));
    }

    static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT)
                .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("README.md")) || !Files.exists(folder.resolve("configs"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}
