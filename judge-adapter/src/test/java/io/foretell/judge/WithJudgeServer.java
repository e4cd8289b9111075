package io.foretell.judge;

import io.foretell.domain.Verdict;
import io.foretell.judge.JudgeFixtures.Builder;
import io.foretell.platform.Metrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A judge behind a real server, and what a test needs of both. */
abstract class WithJudgeServer {
    static final Map<String, String> TEXT = Map.of("text", "some text");
    static final Map<String, String> PAIR = Map.of("context", "Once", "first", "upon a time", "second", "banana");

    @TempDir
    Path folder;

    final Builder settings = new Builder();
    final List<AutoCloseable> open = new ArrayList<>();
    JudgeServer server;
    Metrics metrics;

    @BeforeEach
    void start() throws IOException {
        server = new JudgeServer();
        settings.url = server.url();
        metrics = new Metrics();
    }

    @AfterEach
    void stop() throws Exception {
        server.gate.countDown();
        for (AutoCloseable each : open) {
            each.close();
        }
        server.close();
        metrics.close();
    }

    Judge judge() {
        JudgeSettings built = settings.build();
        HttpJudge model = new HttpJudge(
                settings.url,
                built.endpoint().apiKey(),
                built.endpoint().model(),
                Duration.ofMinutes(1),
                Clock.systemUTC());
        Judge judge = Judge.open(built, model, folder.resolve("verdicts"), metrics);
        open.add(judge);
        return judge;
    }

    Verdict safety() {
        return judge().ask("safety", TEXT).join();
    }

    double counted(String name, String... tags) {
        return metrics.registry().find(name).tags(tags).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }
}
