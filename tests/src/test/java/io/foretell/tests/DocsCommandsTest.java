package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.launcher.Main;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Every command of the manual is run here against a small server, or by CI, or listed in docs/commands-by-hand.md with the
 * date when it was last run by hand.
 */
@Tag("integration")
class DocsCommandsTest {
    /* Its method is built and trained by PluginTest. */
    private static final String PLUGINS = "docs/plugins.md";
    private static final Path BY_HAND = Path.of("docs/commands-by-hand.md");
    /* Their examples are made of the same sources as the pages, and are tested where they are made. */
    private static final Set<Path> GENERATED =
            Set.of(Path.of("docs/http-api.md"), Path.of("docs/configuration.md"), Path.of("docs/metrics.md"));
    private static final String HERE =
            "\\./foretell (?:(?:init|generate|score|export|inspect|ingest|program|doctor)\\b.*|methods(?: rlp)?"
                    + "|.*--(?:help|dry-run)\\b.*)";
    private static final String PROCESS = "\\./foretell (?:up|streams|rollout|reward|learner)\\b.*";
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(.*)` \\| (\\d{4}-\\d{2}-\\d{2}) \\| .* \\|$");

    @TempDir
    private Path folder;

    private static List<ManualCommand> commands() {
        Map<String, ManualCommand> byText = new LinkedHashMap<>();
        Manual.pages().stream()
                .filter(page -> !page.path().equals(BY_HAND) && !GENERATED.contains(page.path()))
                .flatMap(page -> ManualCommand.of(page).stream())
                .forEach(command -> byText.putIfAbsent(command.text(), command));
        return List.copyOf(byText.values());
    }

    private static boolean isRunHere(ManualCommand command) {
        return command.is(HERE) || command.is("curl .*http://127\\.0\\.0\\.1:8080/.*") || isRunByCi(command);
    }

    private static boolean isRunByCi(ManualCommand command) {
        return TestRun.read(Manual.ROOT.resolve(".ci/run")).lines().anyMatch(command.text()::equals);
    }

    @Test
    void everyCommandIsRunByTheTestOrListedWithADate() {
        List<String> listed = new ArrayList<>();
        Matcher row = ROW.matcher(TestRun.read(Manual.ROOT.resolve(BY_HAND)));
        while (row.find()) {
            listed.add(row.group(1).replace("\\|", "|"));
        }
        List<String> wanted = commands().stream()
                .filter(command -> !isRunHere(command))
                .map(ManualCommand::text)
                .toList();
        assertThat(listed).containsExactlyInAnyOrderElementsOf(wanted);
    }

    @Test
    void everyBenchmarkOfTheTableIsKnown() {
        List<String> benches = Manual.page("docs/performance.md").spans().stream()
                .filter(span -> span.startsWith("bench "))
                .toList();
        assertThat(benches).hasSizeGreaterThan(15).allSatisfy(bench -> {
            List<String> words = List.of(bench.split(" "));
            CommandLine command = Main.commandLine();
            command.parseArgs(words.toArray(String[]::new));
            String help = command.getSubcommands()
                    .get("bench")
                    .getSubcommands()
                    .get(words.get(1))
                    .getUsageMessage();
            int cases = words.indexOf("--case") + 1;
            assertThat(help.replaceAll("\\s+", " ")).contains(cases == 0 ? "--case" : words.get(cases));
        });
    }

    @Test
    void commandsDoWhatTheManualSays() throws IOException, InterruptedException {
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        Files.writeString(corpus.resolve("one.txt"), "The cat sat on the mat and looked at the moon.\n".repeat(20));
        Files.writeString(folder.resolve("more.jsonl.gz"), "");
        for (String model : List.of("my-qwen3-folder", "my-judge")) {
            String written = folder.resolve(model).toString();
            assertThat(Main.commandLine().execute("init", written, "--size", "micro"))
                    .isZero();
        }
        TestRun run = new TestRun(folder, "quickstart");
        Path config = run.config(
                5, 0, Map.of("reward", "{rewards: {clean: [{kind: language, language: en}, {kind: novelty, n: 4}]}}"));
        List<String> failed = new ArrayList<>();
        PrintStream terminal = System.out;
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            System.setOut(new PrintStream(OutputStream.nullOutputStream()));
            up.awaitLine(line -> line.startsWith("step "), Duration.ofSeconds(120));
            Map<String, String> places = places(run, config, up);
            for (ManualCommand command : commands()) {
                List<String> words = command.words().stream()
                        .map(word -> placed(word, places))
                        .toList();
                int status = status(command, words);
                if (status != 0) {
                    failed.add(command + " ended with " + status);
                }
            }
            assertThat(failed).as(up::toString).isEmpty();
        } finally {
            System.setOut(terminal);
        }
    }

    /** What stands for the names of the manual here, by patterns. */
    private Map<String, String> places(TestRun run, Path config, ForetellProcess up) {
        Map<String, String> places = new LinkedHashMap<>();
        places.put("http://127\\.0\\.0\\.1:8080", up.url());
        places.put("(?:127\\.0\\.0\\.1|HOST):9092", up.bootstrap());
        places.put("(?:runs/)?quickstart\\b", run.folder().toString());
        places.put("configs/", Manual.ROOT.resolve("configs") + "/");
        places.put("FILE\\b", config.toString());
        places.put("corpus/|more\\.jsonl\\.gz|[\\w-]+\\.pt\\b|my-\\w[\\w-]*|[\\w-]+-model\\b", folder + "/$0");
        return places;
    }

    private static String placed(String word, Map<String, String> places) {
        Pattern any = Pattern.compile("(?<![\\w/.-])(?:" + String.join("|", places.keySet()) + ")");
        return any.matcher(word)
                .replaceAll(found -> places.entrySet().stream()
                        .filter(place -> found.group().matches(place.getKey()))
                        .map(place -> found.group().replaceAll(place.getKey(), place.getValue()))
                        .findFirst()
                        .orElseThrow());
    }

    private int status(ManualCommand command, List<String> words) throws IOException, InterruptedException {
        if (command.is("curl .*")) {
            return isRunHere(command) ? curl(words) : 0;
        }
        if (!command.is("\\./foretell .*")) {
            return 0;
        }
        CommandLine foretell = Main.commandLine();
        List<String> arguments = new ArrayList<>(words.subList(1, words.size()));
        if (command.is(PROCESS) && !command.page().equals(PLUGINS)) { // what it would do
            arguments.set(0, "up");
            arguments.remove("--dry-run");
            arguments.addAll(List.of("--dry-run", "--set", "run.dir=" + folder.resolve("dry")));
        } else if (!isRunHere(command)) {
            foretell.parseArgs(arguments.toArray(String[]::new));
            return 0;
        }
        return foretell.execute(arguments.toArray(String[]::new));
    }

    private static int curl(List<String> words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(words);
        command.addAll(List.of("-sS", "--fail", "--max-time", "30"));
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }
}
