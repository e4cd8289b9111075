package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The README and docs/ link to and name only what exists. Commands are run by {@link DocsCommandsTest}. */
class DocsTest {
    private static final Pattern CLASS = Pattern.compile("[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+");
    private static final Pattern METRIC =
            Pattern.compile("(?:actor|heldout|mismatch_kl|training|perf|timing_s|rollout_corr|rewards?)/\\w[\\w/]*"
                    + "|(?:trainer|reward|buffer|heldout|weight_sync)_[a-z_]+");
    private static final Path CHANGELOG = Path.of("docs/changelog.md");

    @Test
    void everyRelativeLinkAndAnchorResolves() {
        Map<Path, Manual.Page> pages = Manual.allPages().stream()
                .collect(Collectors.toMap(page -> Manual.ROOT.resolve(page.path()), page -> page));
        List<String> broken = new ArrayList<>();
        for (Manual.Page page : pages.values()) {
            for (String link : page.links()) {
                Path target = page.target(link);
                String anchor = link.contains("#") ? link.substring(link.indexOf('#') + 1) : "";
                boolean isThere = anchor.isEmpty()
                        ? Files.exists(target)
                        : pages.containsKey(target)
                                && pages.get(target).anchors().contains(anchor);
                if (!isThere) {
                    broken.add(page + ": " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyPageIsReachedFromTheReadme() {
        Map<Path, Manual.Page> pages = Manual.allPages().stream()
                .collect(Collectors.toMap(page -> Manual.ROOT.resolve(page.path()), page -> page));
        Set<Path> reached = new java.util.TreeSet<>(Set.of(Manual.ROOT.resolve("README.md")));
        List<Path> next = new ArrayList<>(reached);
        while (!next.isEmpty()) {
            Manual.Page page = pages.get(next.remove(0));
            page.links().stream()
                    .map(page::target)
                    .filter(target -> pages.containsKey(target) && reached.add(target))
                    .forEach(next::add);
        }
        assertThat(pages.keySet()).allMatch(reached::contains);
    }

    @Test
    void everyFileNamedInTheProseExists() {
        List<String> missing = new ArrayList<>();
        for (Manual.Page page : Manual.pages()) {
            for (String span : page.spans()) {
                if (span.matches("(configs|docs|tests)/[\\w/.-]*\\w") && !Files.exists(Manual.ROOT.resolve(span))) {
                    missing.add(page + ": " + span);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void everyMetricNamedInTheProseIsInTheCatalogue() {
        String catalogue = Manual.page("docs/metrics.md").text();
        List<String> unknown = new ArrayList<>();
        for (Manual.Page page : Manual.pages()) {
            page.spans().stream()
                    .filter(span -> METRIC.matcher(span).matches())
                    .filter(span -> !page.path().equals(CHANGELOG) && !catalogue.contains("`" + span))
                    .forEach(span -> unknown.add(page + ": " + span));
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void everyClassNamedInTheProseExists() throws IOException {
        Set<String> classes;
        try (Stream<Path> files = Files.walk(Manual.ROOT)) {
            classes = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring(0, name.length() - ".java".length()))
                    .collect(Collectors.toSet());
        }
        List<String> unknown = new ArrayList<>();
        for (Manual.Page page : Manual.pages()) {
            page.spans().stream()
                    .filter(span -> CLASS.matcher(span).matches() && !classes.contains(span))
                    .forEach(span -> unknown.add(page + ": " + span));
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void theReadmeHasAtMost120LinesOfAtMost100Characters() {
        List<String> lines =
                TestRun.read(Manual.ROOT.resolve("README.md")).lines().toList();
        assertThat(lines.size()).isLessThanOrEqualTo(120);
        assertThat(lines.stream().filter(line -> line.length() > 100)).isEmpty();
    }

    @Test
    void theReadmesMapHasEveryModule() {
        String readme = TestRun.read(Manual.ROOT.resolve("README.md"));
        Matcher modules =
                Pattern.compile("<module>(.*?)</module>").matcher(TestRun.read(Manual.ROOT.resolve("pom.xml")));
        while (modules.find()) {
            assertThat(readme).contains("[" + modules.group(1) + "](" + modules.group(1) + ")");
        }
    }
}
